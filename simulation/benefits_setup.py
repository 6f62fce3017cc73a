"""Makes the simulated provider known to a demo's shop: video memberships are activated there with one click."""

import asyncio

from sqlalchemy import text

from mingsuan.settings import Settings
from simulation.benefits import KEY, secret_of
from transactional.benefits import providers, signing
from transactional.benefits.providers import NewProvider
from transactional.db import WriteSession, engine, writing
from transactional.errors import NotFoundError
from transactional.shop import Shop, open_shop

CATEGORY = "video"
PRODUCTS = text("""
select p.id, p.slug from shop.product as p join shop.category as c on c.id = p.category_id
where c.slug = :category and p.publish_state = 'published' order by p.id
""")


def ensure_provider(app_url: str, settings: Settings) -> None:
    """The provider and its products, when the shop does not know it yet; what staff changed since stays."""
    asyncio.run(_ensure(app_url, settings))


async def _ensure(app_url: str, settings: Settings) -> None:
    source = engine(app_url)
    try:
        shop = await open_shop(settings, source)
        async with writing(source) as session:
            await _known(session, shop)
        await shop.aclose()
    finally:
        await source.dispose()


async def _known(session: WriteSession, shop: Shop) -> None:
    try:
        await providers.by_key(session, shop.vault, KEY)
    except NotFoundError:
        await providers.add(session, shop.vault, _described(shop.settings))
        for row in await session.execute(PRODUCTS, {"category": CATEGORY}):
            await providers.assign(session, row.id, KEY, row.slug)


def _described(settings: Settings) -> NewProvider:
    at = f"http://127.0.0.1:{settings.simulated_gateways_port}/benefits"
    secret = signing.secret_text(secret_of(settings.gateways_dir))
    return NewProvider(KEY, "模拟会员中心", "Simulated members' club", f"{at}/activate", f"{at}/api", secret)
