"""The catalogue: what anybody may look at, and what operators add and change."""

from typing import Any

from tests.transactional.api_ways.way import ANYBODY, OPERATORS, Asked, Way, Ways, nothing
from tests.transactional.api_ways.world import World, new_name

NAMES = {"name_zh": "名", "name_en": "Name"}
TITLES = {"title_zh": "名", "title_en": "Title"}
QUESTION = {"name": "account", "label_zh": "账号", "label_en": "Account"}


async def _sku(world: World) -> dict[str, str]:
    """Code and slug of a published SKU."""
    sku = await world.market.sku(new_name())
    return {"code": sku.code, "slug": sku.code.lower()}


async def _product(world: World) -> Asked:
    return Asked({"slug": (await _sku(world))["slug"]})


async def _new_category(world: World) -> Asked:
    return Asked(body={"slug": new_name("c").lower(), **NAMES})


async def _new_product(world: World) -> Asked:
    category = f"c-{(await _sku(world))['slug']}"
    return Asked(body={"category_slug": category, "slug": new_name("p").lower(), **TITLES})


async def _new_sku(world: World) -> Asked:
    slug = (await _sku(world))["slug"]
    return Asked(body={"product_slug": slug, "code": new_name(), "list_price_fen": 100, **NAMES})


async def _change(world: World, body: dict[str, Any]) -> Asked:
    return Asked(await _sku(world), body)


async def _withdrawn(world: World) -> Asked:
    return await _change(world, {"publish_state": "withdrawn"})


async def _fewer_an_order(world: World) -> Asked:
    return await _change(world, {"max_per_order": 2})


async def _question(world: World) -> Asked:
    return await _change(world, {"fields": [QUESTION]})


async def _parts(world: World) -> Asked:
    part = (await _sku(world))["code"]
    bundle = await world.market.sku(new_name(), "bundle", 500)
    return Asked({"code": bundle.code}, {"parts": [{"sku_code": part, "quantity": 2}]})


async def _price(world: World) -> Asked:
    code = (await _sku(world))["code"]
    return Asked(body={"sku_code": code, "list_price_fen": 900, "valid_from": "2999-01-01T00:00:00Z"})


WAYS: Ways = {
    "GET /categories": Way(ANYBODY, nothing),
    "GET /products": Way(ANYBODY, nothing),
    "GET /products/{slug}": Way(ANYBODY, _product),
    "POST /staff/categories": Way(OPERATORS, _new_category),
    "POST /staff/products": Way(OPERATORS, _new_product),
    "POST /staff/products/{slug}/publish-state": Way(OPERATORS, _withdrawn),
    "POST /staff/products/{slug}/delivery-form": Way(OPERATORS, _question),
    "POST /staff/skus": Way(OPERATORS, _new_sku),
    "POST /staff/skus/{code}/change": Way(OPERATORS, _fewer_an_order),
    "POST /staff/skus/{code}/parts": Way(OPERATORS, _parts),
    "POST /staff/prices": Way(OPERATORS, _price),
}
