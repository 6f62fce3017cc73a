"""Where a problem document's `type` leads."""

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from transactional.shop import Shop
from transactional.web.problem_pages import kinds

pytestmark = pytest.mark.anyio


async def test_every_type_that_a_refusal_names_has_a_page_in_both_languages(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        refused = await client.read("/wallet")
        page = await client.get(refused.json()["type"])
        assert page.status_code == 200
        assert "Not logged in" in page.text
        assert "尚未登录" in page.text
        for kind in kinds():
            shown = await client.get(f"/problems/{kind}")
            assert shown.status_code == 200, kind
            assert "{" not in shown.text.split("<main")[1].split("</main")[0], kind
        assert (await client.get("/problems/nothing-such")).status_code == 404
