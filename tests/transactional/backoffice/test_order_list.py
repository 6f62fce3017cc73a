"""The list of orders: its filters and totals against SQL of their own, its pages, and exports that say the same."""

import csv
import io
import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.orders.goods import Market
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import HTML, enter_desk, send, visit
from transactional.backoffice import exports, order_list
from transactional.backoffice.order_list import OrderFilter
from transactional.db import reading
from transactional.shop import Shop

pytestmark = pytest.mark.anyio


@pytest.fixture
def market(shop: Shop) -> Market:
    return Market(shop)


@pytest.fixture
async def busy(market: Market) -> Market:
    """Orders of two products and three customers, days apart: unpaid, run out, paid, waiting."""
    code, service = await market.sku("A"), await market.sku("S", "manual_service", 2500)
    await market.stock("A", 40)
    for day in range(4):
        one, two = await market.customer(f"one{day}"), await market.customer(f"two{day}")
        await market.pay(await market.order(one, (code, 2)))
        await market.pay(await market.order(two, (service, 1)))
        await market.order(one, (code, 1))
        ago = "make_interval(days => cast(:day as int))"
        await market.rows(
            f"update shop.orders set ordered_at = ordered_at - {ago}, pay_by = pay_by - {ago}"
            " where customer_id in (:one, :two) returning id",
            day=day,
            one=one.id,
            two=two.id,
        )
    return market


FILTERS: dict[str, tuple[OrderFilter, str]] = {
    "everything": (OrderFilter(), "true"),
    "delivered": (OrderFilter(state="delivered"), "state = 'delivered'"),
    "unpaid in time": (OrderFilter(state="pending_payment"), "state = 'pending_payment' and pay_by >= :at"),
    "cancelled or run out": (
        OrderFilter(state="cancelled"),
        "(state = 'cancelled' or state = 'pending_payment' and pay_by < :at)",
    ),
    "paid with WeChat": (
        OrderFilter(method="wechat"),
        "id in (select order_id from shop.payment where method = 'wechat' and state = 'succeeded')",
    ),
    "for staff": (
        OrderFilter(waits_for="manual"),
        "paid_at is not null and id in (select i.order_id from shop.order_item i join shop.fulfilment f"
        " on f.order_item_id = i.id where f.state = 'waiting' and f.waits_for = 'manual')",
    ),
    "of an amount": (OrderFilter(least_fen=1500, most_fen=2200), "net_fen between 1500 and 2200"),
}


@pytest.mark.parametrize("name", FILTERS)
async def test_what_a_filter_finds_and_adds_up_to_is_what_plain_sql_says(busy: Market, name: str) -> None:
    chosen, condition = FILTERS[name]
    at, zone = clock.now(), busy.shop.zone
    async with reading(busy.shop.engine) as session:
        sums = f"select count(*), coalesce(sum(net_fen), 0)::bigint from shop.orders where {condition}"
        plain = (await session.execute(text(sums), {"at": at} if ":at" in sums else {})).one()
        totals = await order_list.totals(session, chosen, at, zone)
        found, more = await order_list.page_of(session, chosen, at, zone)
        every = [order async for batch in order_list.every(session, chosen, at, zone) for order in batch]
    assert (totals.count, totals.net_fen) == tuple(plain)
    assert plain[0] > 0
    assert not more
    assert [order.order_no for order in found] == [order.order_no for order in every]
    assert (len(every), sum(order.net_fen for order in every)) == tuple(plain)


async def test_filters_by_day_customer_and_product_go_together(busy: Market, fresh_database: DatabaseUrls) -> None:
    today = clock.business_date(clock.now(), ZoneInfo("Asia/Shanghai"))
    async with Client(busy.shop, fresh_database) as client:
        await enter_desk(client, busy.shop)
        days = f"since={today - timedelta(days=2)}&until={today - timedelta(days=1)}"
        assert "10 orders" in (await visit(client, f"/desk/orders?{days}")).text
        assert "2 orders" in (await visit(client, f"/desk/orders?{days}&product=s")).text
        assert "1 order," in (await visit(client, "/desk/orders?customer=two1%40example.com&product=s")).text
        assert "No order fits" in (await visit(client, "/desk/orders?customer=two1%40example.com&product=a")).text
        for bad, words in (
            ("customer=nobody", "Nobody is known"),
            ("since=2026-02-30", "Not a day"),
            ("state=x", "list"),
        ):
            refused = await client.get(f"/desk/orders?{bad}", headers=HTML)
            assert (refused.status_code, words in refused.text) == (422, True), bad


async def test_pages_follow_each_other_without_a_gap_while_orders_come_in(busy: Market) -> None:
    zone, seen, before = busy.shop.zone, [], ""
    code = (await busy.rows("select count(*) from shop.orders"))[0][0]
    async with reading(busy.shop.engine) as session:
        while True:
            rows, more = await order_list.page_of(session, OrderFilter(), clock.now(), zone, before, limit=5)
            seen += [order.order_no for order in rows]
            if not more:
                break
            before = rows[-1].order_no
    assert len(seen) == len(set(seen)) == code


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_an_export_holds_exactly_what_is_listed_and_is_on_record(
    busy: Market, fresh_database: DatabaseUrls, kind: str
) -> None:
    await busy.rows("update shop.product set title_en = '=1+1', title_zh = '=1+1' where slug = 's' returning id")
    async with Client(busy.shop, fresh_database) as client:
        await enter_desk(client, busy.shop, "auditor")
        seen = await visit(client, "/desk/orders?product=s")
        answer = await send(client, "/desk/orders/export", product="s", format=kind, customer="")
        named = await send(client, "/desk/orders/export", customer="one1@example.com", format=kind)
    assert answer.status_code == named.status_code == 200
    rows = read(answer.content, kind)
    listed = await busy.rows(
        "select o.order_no, o.net_fen from shop.orders as o where o.id in (select i.order_id from shop.order_item as i"
        " join shop.sku as s on s.id = i.sku_id join shop.product as p on p.id = s.product_id where p.slug = 's')"
        " order by o.ordered_at desc, o.id desc"
    )
    assert [(row["Order number"], row["Amount"]) for row in rows] == [(no, f"{fen / 100:.2f}") for no, fen in listed]
    assert all(no in seen.text for no, _ in listed)
    assert {row["Product"] for row in rows} == {"'=1+1" if kind == "csv" else "=1+1"}
    acts = await busy.rows("select act, detail from shop.staff_act order by id")
    assert [act for act, _ in acts] == ["export_orders"] * 2
    assert acts[0][1]["rows"] == len(listed)
    assert acts[0][1]["product"] == "s"
    assert "one1@example.com" not in json.dumps(acts[1][1])
    assert acts[1][1]["customer"] is not None


def read(content: bytes, kind: str) -> list[dict[str, str]]:
    """Rows of a file by heading; a cell of a sheet must not be a formula."""
    if kind == "csv":
        return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    heading, *rows = [list(row) for row in sheet.iter_rows()]
    assert all(cell.data_type != "f" for row in rows for cell in row)
    names = [str(cell.value) for cell in heading]
    texts = [
        [f"{c.value:.2f}" if c.data_type == "n" and c.value is not None else str(c.value) for c in r] for r in rows
    ]
    return [dict(zip(names, row, strict=True)) for row in texts]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1", " =1", "\uff1d1", "\r=1"])
def test_no_text_of_a_csv_file_is_taken_for_a_formula(cell: str) -> None:
    assert exports.plain(cell) == f"'{cell}"
    assert exports.plain(-1) == "-1"


async def test_more_rows_than_a_file_holds_are_refused_and_never_cut(
    busy: Market, fresh_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(exports.MOST_ROWS, "csv", 3)
    async with Client(busy.shop, fresh_database) as client:
        await enter_desk(client, busy.shop)
        seen = await visit(client, "/desk/orders")
        answer = await send(client, "/desk/orders/export", format="csv")
    assert "CSV: at most 3 rows" in seen.text
    assert answer.status_code == 409
    assert "at most 3 rows" in Seen(answer.text).text
    assert await busy.rows("select act from shop.staff_act") == []


async def test_filters_and_numbers_that_no_form_of_ours_sends_are_refused_in_words(
    busy: Market, fresh_database: DatabaseUrls
) -> None:
    async with Client(busy.shop, fresh_database) as client:
        await enter_desk(client, busy.shop)
        exported = await send(client, "/desk/orders/export", state="lost", format="csv")
        assert (exported.status_code, exported.headers["location"]) == (303, "/desk/orders?state=lost")
        listed = await client.get("/desk/orders?state=lost", headers=HTML)
        assert (listed.status_code, "Choose one of the list" in listed.text) == (422, True)
        for order_no in ("x" * 65, " "):
            bulk = await send(
                client, "/desk/orders/bulk", act="refund", order_no=order_no, reason="y", idempotency_key="12345678"
            )
            assert bulk.status_code == 422
    assert await busy.rows("select act from shop.staff_act") == []


async def test_who_may_export_and_settle_is_decided_by_role(busy: Market, fresh_database: DatabaseUrls) -> None:
    async with Client(busy.shop, fresh_database) as client:
        await enter_desk(client, busy.shop, "buyer")
        seen = await visit(client, "/desk/orders")
        assert "Export what is listed" not in seen.text
        assert "one0@example.com" not in seen.text
        assert "o***@example.com" in seen.text
        export = await send(client, "/desk/orders/export", format="csv")
        bulk = await send(
            client, "/desk/orders/bulk", act="cancel", order_no="x", reason="y", idempotency_key="12345678"
        )
        assert [export.status_code, bulk.status_code] == [403, 403]
