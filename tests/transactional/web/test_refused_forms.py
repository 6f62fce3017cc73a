"""What a refused form leads to when its own page could not show the refusal."""

import re

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.web.visits import HTML
from transactional.shop import Shop

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("sent_from", "leads_to"),
    [
        ("{shop}/log-in?next=%2Forders", "/log-in?next=%2Forders"),
        ("https://elsewhere.test/log-in", None),
        ("{shop}//elsewhere.test/", None),
        ("{shop}/\\elsewhere.test/", None),
        ("", None),
    ],
)
async def test_it_leads_back_to_the_form_if_that_was_a_page_of_this_shop(
    shop: Shop, fresh_database: DatabaseUrls, sent_from: str, leads_to: str | None
) -> None:
    async with Client(shop, fresh_database) as client:
        origin = str(client.base_url).rstrip("/")
        headers = {**HTML, "origin": origin, "referer": sent_from.format(shop=origin)}
        answer = await client.post("/log-in", headers=headers, data={})
    links = re.findall(r'href="([^"]*)"', answer.text)
    assert answer.status_code == 422
    assert ("/log-in?next=%2Forders" in links) == (leads_to is not None)
    assert not [link for link in links if "elsewhere" in link]
