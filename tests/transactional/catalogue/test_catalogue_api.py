"""Bundles, forms and limits over the API, as staff enter them."""

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client, log_in_staff
from tests.transactional.small_shop import Stocked

pytestmark = pytest.mark.anyio


async def test_staff_compose_a_bundle_ask_its_buyers_and_limit_it(
    stocked: Stocked, fresh_database: DatabaseUrls
) -> None:
    async with Client(stocked.shop, fresh_database) as client:
        await log_in_staff(client, stocked.shop, "operator")
        pack = {"category_slug": "c-steam-50", "slug": "pack", "kind": "bundle", "title_zh": "包", "title_en": "Pack"}
        await client.command("/staff/products", {**pack, "publish_state": "published"})
        sku = {"product_slug": "pack", "code": "PACK", "name_zh": "包", "name_en": "Pack", "list_price_fen": 9000}
        assert (await client.command("/staff/skus", sku)).status_code == 201
        parts = {"parts": [{"sku_code": "STEAM-50", "quantity": 1}]}
        dear = await client.command("/staff/skus/PACK/parts", parts)
        assert (dear.status_code, dear.json()["type"]) == (409, "/problems/dear-bundle")
        assert (await client.read("/products/pack")).json()["skus"][0]["parts"] == []
        parts["parts"][0]["quantity"] = 2
        assert (await client.command("/staff/skus/PACK/parts", parts)).status_code == 200
        limited = await client.command("/staff/skus/PACK/change", {"max_per_order": 2})
        assert limited.json()["max_per_order"] == 2
        field = {"name": "account", "label_zh": "账号", "label_en": "Account"}
        asked = await client.command("/staff/products/pack/delivery-form", {"fields": [field]})
        assert asked.status_code == 200
        shown = (await client.read("/products/pack")).json()
        assert [part["sku_code"] for part in shown["skus"][0]["parts"]] == ["STEAM-50"]
        assert [field["name"] for field in shown["delivery_form"]] == ["account"]
        assert (await client.command("/staff/skus/STEAM-50/parts", parts)).status_code == 409
        await log_in_staff(client, stocked.shop, "buyer")
        assert (await client.command("/staff/skus/PACK/change", {"max_per_order": 3})).status_code == 403
