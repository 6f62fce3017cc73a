"""The desk's figures: to the fen what a day computed by hand and the accounts of the ledger say; who sees money."""

from datetime import timedelta

import pytest

from mingsuan import clock
from mingsuan.i18n import translator
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.orders.goods import Market
from tests.transactional.small_shop import codes, stock
from tests.transactional.web.visits import enter_desk, visit
from transactional.backoffice import figure_pages, figure_queries, figures
from transactional.backoffice.figure_queries import Days
from transactional.backoffice.figures import Sums
from transactional.db import reading, writing
from transactional.payments import refunds
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
SECONDS_TO_DELIVERY = """
update shop.fulfilment as f set delivered_at = o.paid_at + make_interval(secs => f.id)
from shop.order_item as i join shop.orders as o on o.id = i.order_id
where i.id = f.order_item_id and f.delivered_at is not null returning extract(epoch from f.delivered_at - o.paid_at)
"""
BY_ACCOUNT = """
select e.account, (sum(e.amount_fen) * case a.kind when 'income' then -1 else 1 end)::bigint
from shop.ledger_entry as e join shop.ledger_account as a on a.code = e.account
join shop.ledger_transaction as t on t.id = e.transaction_id
where a.kind in ('income', 'expense') and t.ledger_date = :day group by e.account, a.kind
"""


def thirty_days(shop: Shop) -> Days:
    today = clock.business_date(clock.now(), shop.zone)
    return figure_queries.days_of(today - timedelta(days=29), today, clock.now(), shop.zone)


@pytest.fixture
async def market(shop: Shop) -> Market:
    """A costs ¥6.01 and sells at ¥10.00; B sells at ¥20.00, its cost unknown; S is a service that waits.

    Today: 2 A of which one is refunded, 1 B, 1 S; one order may still be paid, one ran out. 1 A was paid a moment
    before today.
    """
    market = Market(shop)
    known, unknown = await market.sku("A"), await market.sku("B", price_fen=2000)
    service = await market.sku("S", "manual_service", 3000)
    await market.stock("A", 6, 601)
    async with writing(shop.engine) as session:
        await stock(session, shop, "B", codes(2, "B"), None)
    people = [await market.customer(f"one{number}", proven=False) for number in range(6)]
    midnight = thirty_days(shop).end - timedelta(days=1)
    two = await market.order(people[0], (known, 2))
    await market.pay(two, midnight)
    await market.pay(await market.order(people[1], (unknown, 1)))
    await market.pay(await market.order(people[2], (service, 1)))
    before = await market.order(people[3], (known, 1))
    with clock.at(midnight - timedelta(microseconds=1)):
        await market.pay(before)
    await market.order(people[4], (known, 1))
    late = await market.order(people[5], (known, 1))
    await market.rows("update shop.orders set pay_by = ordered_at where id = :id returning 1", id=late.order_id)
    unit = (await market.fulfilment_ids(two.order_no))[0]
    row = await market.one("select id from shop.fulfilment where public_id = :unit", unit=unit)
    async with writing(shop.engine) as session:
        await refunds.grant(session, [(row, None)], "bad luck", None, clock.now(), shop.zone)
    return market


async def test_a_day_adds_up_as_by_hand_and_as_the_accounts_of_the_ledger(market: Market) -> None:
    days = thirty_days(market.shop)
    async with reading(market.shop.engine) as session:
        money = await figure_queries.money(session, days)
        paid, placed = await figure_queries.paid(session, days), await figure_queries.placed(session, days)
    daily = figures.by_day(days.since, days.until, money, paid, placed)
    today, before = daily[days.until], daily[days.until - timedelta(days=1)]
    assert today == Sums(
        orders=3,
        units=4,
        placed_paid=4,
        placed_decided=5,
        gross_sales=4000,
        refunds=1000,
        cogs=1202,
        known_net_sales=1000,
    )
    assert (today.net_sales, today.cm1) == (3000, 1798)
    assert (before.orders, before.units, before.gross_sales, before.cogs, before.cm1) == (1, 1, 1000, 601, 399)
    assert (before.coverage, before.success) == (1.0, None)  # placed today
    assert today.coverage == pytest.approx(1 / 3)
    assert today.success == 0.8
    whole = Sums.of(daily.values())
    assert (len(daily), whole.net_sales, whole.cm1, whole.orders) == (30, 4000, 2197, 4)
    by_account = dict(await market.rows(BY_ACCOUNT, day=days.until))
    assert by_account == {"sales": today.gross_sales, "refunds": today.refunds, "cogs": today.cogs}


async def test_times_refunds_products_and_stock_are_what_was_made_of_them(market: Market) -> None:
    days = thirty_days(market.shop)
    seconds = sorted(float(row[0]) for row in await market.rows(SECONDS_TO_DELIVERY))
    async with reading(market.shop.engine) as session:
        delivery = await figure_queries.delivery(session, days)
        given = await figure_queries.refunds(session, days, figure_pages.LATE)
        best = await figure_queries.best_products(session, days)
        left = await figure_queries.stock(session, days)
    assert [(row.kind, row.paid, row.delivered) for row in delivery] == [("card_code", 4, 4), ("manual_service", 1, 0)]
    assert len(seconds) == 4
    assert (delivery[0].median, delivery[0].p95) == (timedelta(seconds=seconds[1]), timedelta(seconds=seconds[3]))
    assert delivery[1].median is None
    assert [tuple(row) for row in given] == [("staff", 1, 1000)]
    assert [(row.slug, row.units, row.net_fen) for row in best] == [("a", 3, 3000), ("s", 1, 3000), ("b", 1, 2000)]
    assert [(row.code, row.free, row.sold) for row in left] == [("A", 1, 3), ("B", 1, 1)]


async def test_only_those_who_see_the_ledger_see_money(market: Market, fresh_database: DatabaseUrls) -> None:
    async with Client(market.shop, fresh_database) as client:
        await enter_desk(client, market.shop, "auditor")
        seen = await visit(client, "/desk/figures")
        for words in ("¥17.98", "¥21.97", "33.3%", "80.0%", "By staff, without a request", "10.0", "30.0"):
            assert words in seen.text, words
        assert seen.faults == []
        for role in ("operator", "buyer"):
            await enter_desk(client, market.shop, role)
            plain = await visit(client, "/desk/figures")
            assert "80.0%" in plain.text
            assert "¥" not in plain.text
            assert "Margin" not in plain.text
            assert plain.faults == []


async def test_figures_of_a_shop_without_business_are_calm(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        seen = await visit(client, "/desk/figures")
    for words in ("No order was paid", "Nothing was refunded", "Nothing is sold from stock"):
        assert words in seen.text
    assert "nan" not in seen.text
    assert seen.faults == []


def test_a_share_or_a_time_is_never_said_to_be_more_than_it_is() -> None:
    assert [figure_pages.share_text(share) for share in (None, 0.0, 0.99996, 1.0)] == ["—", "0.0%", "99.9%", "100.0%"]
    said = [figure_pages.duration_text(timedelta(seconds=s), translator("en", "shop")) for s in (0.25, 59, 90, 7200)]
    assert said == ["0.2 s", "59.0 s", "1.5 min", "2.0 h"]
