"""What the page of a case says is in words, and leads to where the matter is settled."""

import pytest

from mingsuan.i18n import translator
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import HTML, enter_desk, visit
from transactional.backoffice.review_facts import facts, settled_at
from transactional.backoffice.review_wording import kind_texts
from transactional.backoffice.service import open_case
from transactional.db import writing
from transactional.shop import Shop

_ = translator("zh_CN", "shop")
PARCEL = {"state": "lost", "reference": "20261122A1", "courier": "shunfeng", "tracking_no": "SF1234567"}


def test_what_was_written_down_is_said_in_words() -> None:
    said = facts("parcel_trouble", PARCEL, _, "zh_CN", str)
    assert said == [("状态", "已丢失"), ("订单号", "20261122A1"), ("快递公司", "顺丰速运"), ("运单号", "SF1234567")]
    bill = {"method": "wechat", "day": "2026-11-22", "out_refund_no": None, "ours_fen": 500}
    [method, day, ours] = facts("bill_wrong_amount", bill, _, "zh_CN", lambda fen: f"¥{fen / 100:.2f}")
    assert (method[1], day[1], ours) == ("微信支付", "2026-11-22", ("本店记账金额", "¥5.00"))


def test_words_of_the_outside_and_unknown_names_stay_as_they_are() -> None:
    said = facts("refund_failed", {"reason": "余额不足", "anything": "else"}, _, "zh_CN", str)
    assert said == [("原因", "余额不足"), ("anything", "else")]


@pytest.mark.parametrize("kind", ["identity_check", "parcel_trouble", "credential_stuffing", "invoice_to_red_flush"])
def test_a_matter_of_another_page_leads_there(kind: str) -> None:
    way = settled_at(kind, "identity:1/2", _)
    assert way is not None
    assert way[0].startswith("/desk/")
    assert kind_texts(_)[kind].name != kind


@pytest.mark.anyio
async def test_the_page_of_a_case_shows_no_name_of_the_database(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with writing(shop.engine) as session:
        await open_case(session, "parcel_trouble", "01a202bc-2c03-7d1f-893f-e295fac893c7/lost", None, PARCEL)
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        listed = await client.get("/desk/review", headers=HTML)
        address = next(part.partition('"')[0] for part in listed.text.split('href="')[1:] if "/desk/review/01" in part)
        seen = await visit(client, address)
        nothing = await visit(client, "/desk/review?state=resolved")
    assert seen.faults == []
    assert Seen(listed.text).faults == []
    for raw in ("tracking_no", "parcel_trouble", "shunfeng"):
        assert raw not in seen.text, raw
    assert "Parcel in trouble" in seen.text
    assert "SF Express" in seen.text
    assert "Nothing fits the filters" in nothing.text
