"""A warehouse fed by hand: the tables that ingest would have written, filled with rows that can be summed on paper."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import sqlalchemy as sa

from mingsuan import clock
from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.bookkeeping import prepare
from pipelines.tables import TABLES, is_withheld
from transactional.ledger import rules
from transactional.migrations.versions.r0001_shop import CHART
from transactional.models import METADATA

ZONE = ZoneInfo("Asia/Shanghai")
_TYPES: tuple[tuple[type[Any], str], ...] = (
    (sa.BigInteger, "bigint"),
    (sa.Integer, "integer"),
    (sa.Boolean, "boolean"),
    (sa.DateTime, "timestamptz"),
    (sa.Date, "date"),
    (sa.Uuid, "uuid"),
    (sa.LargeBinary, "blob"),
)


def _type(column: sa.Column[Any]) -> str:
    if isinstance(column.type, sa.Numeric):
        return f"decimal({column.type.precision}, {column.type.scale})"
    return next((name for kind, name in _TYPES if isinstance(column.type, kind)), "varchar")


def columns_of(table: str) -> dict[str, str]:
    """Names and types of the columns that ingest brings."""
    source = next(listed for listed in TABLES if listed.name == table)
    model = METADATA.tables[f"shop.{table}"]
    return {column.name: _type(column) for column in model.columns if not is_withheld(source, column.name)}


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Empty tables of the shop with its chart of accounts, and ingest's bookkeeping."""
    prepare(connection)
    for table in TABLES:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in columns_of(table.name).items())
        connection.execute(f"create table raw_current.{table.name} ({columns}, _batch bigint, _loaded_at timestamptz)")
    connection.executemany(
        "insert into raw_current.ledger_account (code, kind, margin_level, name_zh, name_en) values (?, ?, ?, ?, ?)",
        [list(account) for account in CHART],
    )


def key_of(table: str, number: int) -> str:
    """The public id that `insert` makes up for a row."""
    place = next(index for index, listed in enumerate(TABLES) if listed.name == table)
    return f"00000000-0000-7000-8000-{place * 10**6 + number:012x}"


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Rows by column name."""
    for given in rows:
        row = dict(given)
        if "public_id" in columns_of(table):
            row["public_id"] = key_of(table, row["id"])
        marks = ", ".join("?" * len(row))
        connection.execute(f"insert into raw_current.{table} ({', '.join(row)}) values ({marks})", list(row.values()))


def close_batch(connection: duckdb.DuckDBPyConnection, batch_id: int, source_instant: datetime) -> None:
    """Book a batch as ingest does: with the counts of what is there."""
    counts = {
        table.name: connection.execute(f"select count(*) from raw_current.{table.name}").fetchall()[0][0]
        for table in TABLES
    }
    connection.execute(
        "insert into ingest.batch values (?, 'increment', '10:20:', '7', 1, 5, ?, ?, ?, 0.5, '')",
        [batch_id, source_instant, clock.now(), sum(counts.values())],
    )
    connection.executemany(
        "insert into ingest.table_count values (?, ?, ?, ?, ?, ?)",
        [[batch_id, name, count, count, count, count] for name, count in counts.items()],
    )


class Shop:
    """Writes what the shop would have written, posting through its own rules; numbers are given by the caller."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, after: int = 0) -> None:
        """What it posts is numbered from `after` on."""
        self._connection = connection
        self._transactions = self._entries = self._lines = after

    def add(self, table: str, **row: object) -> None:
        insert(self._connection, table, [row])

    def order(
        self, number: int, customer: int, at: datetime, lines: Iterable[tuple[int, int, int]], state: str = "delivered"
    ) -> None:
        """An order whose lines are (sku, quantity, gross fen, ) without discount; line numbers run over the shop."""
        items = list(lines)
        gross = sum(line[2] for line in items)
        self.add(
            "orders",
            id=number,
            order_no=f"M{number}",
            customer_id=customer,
            state=state,
            gross_fen=gross,
            discount_fen=0,
            net_fen=gross,
            ordered_at=at,
            paid_at=None if state == "pending_payment" else at,
        )
        for place, (sku, quantity, fen) in enumerate(items, 1):
            self.add(
                "order_item",
                id=number * 10 + place,
                order_id=number,
                line_no=place,
                sku_id=sku,
                quantity=quantity,
                gross_fen=fen,
                discount_fen=0,
                net_fen=fen,
            )

    def fulfil(
        self, number: int, item: int, gross: int, discount: int, cost: int | None, delivered_at: datetime | None
    ) -> None:
        """One unit, handed over when `delivered_at` is given; posts its delivery."""
        self.add(
            "fulfilment",
            id=number,
            order_item_id=item,
            unit_no=number,
            quantity=1,
            state="delivered" if delivered_at else "refunded",
            gross_fen=gross,
            discount_fen=discount,
            cost_fen=cost,
            delivered_at=delivered_at,
        )
        if delivered_at is not None:
            self.post(rules.item_delivered(self.unit(number, item, gross, discount, cost, delivered_at)))

    @staticmethod
    def unit(number: int, item: int, gross: int, discount: int, cost: int | None, at: datetime) -> rules.Delivered:
        return rules.Delivered(number, item, item // 10, 1, gross, discount, cost, at)

    def post(self, posting: rules.Posting) -> None:
        if not posting:
            return
        self._transactions += 1
        self.add(
            "ledger_transaction",
            id=self._transactions,
            reference=posting.reference,
            event=posting.event,
            effective_at=posting.effective_at,
            ledger_date=clock.business_date(posting.effective_at, ZONE),
            order_id=posting.order_id,
        )
        for entry in posting.entries:
            self._entries += 1
            self.add(
                "ledger_entry",
                id=self._entries,
                transaction_id=self._transactions,
                account=str(entry.account),
                amount_fen=entry.amount_fen,
                customer_id=entry.customer_id,
                order_item_id=entry.order_item_id,
                supplier_id=entry.supplier_id,
                channel_id=entry.channel_id,
            )
        for line in posting.lines:
            self._lines += 1
            self.add(
                "document_line",
                id=self._lines,
                transaction_id=self._transactions,
                kind=line.kind,
                component=line.component,
                amount_fen=line.amount_fen,
                order_item_id=line.order_item_id,
                fulfilment_id=line.fulfilment_id,
                customer_id=line.customer_id,
                effective_at=posting.effective_at,
            )


SOURCE_INSTANT = datetime(2026, 3, 31, 4, 0, tzinfo=UTC)
FIRST_DAY = date(2026, 3, 2)


def noon(day: int) -> datetime:
    """Noon in the shop's zone, `day` days after the first one."""
    return clock.start_of(FIRST_DAY + timedelta(days=day), ZONE) + timedelta(hours=12)


WALLETS = """
insert into raw_current.wallet by name
select customer_id, cast(-sum(amount_fen) as bigint) as balance_fen
from raw_current.ledger_entry where account = 'customer_wallet' group by customer_id
"""
"""The shop keeps each wallet in step with the books."""

Part = Callable[[Shop, duckdb.DuckDBPyConnection, Settings], None]
"""Adds rows of its own to the small shop."""


def feed(settings: Settings, *parts: Part) -> None:
    """The small shop that the tests of definitions sum by hand; each part of it says what it is for."""
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        create(connection)
        shop = Shop(connection)
        _catalogue(shop)
        _worked_example(shop)
        _unknown_cost_late_at_night(shop)
        _refunded_after_delivery(shop)
        _without_value_and_without_payment(shop)
        shop.post(rules.wallet_credited("sorry", 2, 300, "goodwill", noon(4)))
        _codes(shop)
        _money(shop)
        _case_and_benefit(shop)
        for customer, fen in ((1, 5000), (2, 2000)):
            shop.post(rules.wallet_credited(f"paid-in:{customer}", customer, fen, "bank", noon(0)))
        for part in parts:
            part(shop, connection, settings)
        connection.execute(WALLETS)
        close_batch(connection, 1, SOURCE_INSTANT)


def _catalogue(shop: Shop) -> None:
    shop.add("shop_profile", id=1, currency="CNY", timezone="Asia/Shanghai")
    for number, slug in ((1, "games"), (2, "music")):
        shop.add("category", id=number, slug=slug, name_zh=slug, name_en=slug, position=number)
        shop.add(
            "product",
            id=number,
            category_id=number,
            slug=f"{slug}-card",
            kind="card_code",
            title_zh="卡",
            title_en="Card",
        )
        shop.add("sku", id=number, product_id=number, code=f"{slug}-50", name_zh="50 元", name_en="50 yuan")
        shop.add("price", id=number, sku_id=number, list_price_fen=5000, valid_from=noon(-30))
    shop.add("price", id=3, sku_id=1, list_price_fen=5500, valid_from=noon(60))
    for number, channel in ((1, "search"), (2, "friends"), (3, "search")):
        shop.add("customer", id=number, acquisition_channel=channel, registered_at=noon(-10))


def _worked_example(shop: Shop) -> None:
    """Order 1, day 0: two codes of ¥50, ¥10 coupon over both, fee 0.54; one delivered at ¥40, one refunded before."""
    at = noon(0)
    shop.add(
        "orders",
        id=1,
        order_no="M1",
        customer_id=1,
        state="delivered",
        gross_fen=10000,
        discount_fen=1000,
        net_fen=9000,
        ordered_at=at,
        paid_at=at,
    )
    shop.add(
        "order_item",
        id=11,
        order_id=1,
        line_no=1,
        sku_id=1,
        quantity=2,
        gross_fen=10000,
        discount_fen=1000,
        net_fen=9000,
    )
    shop.post(rules.order_paid(1, 1, 1, "wechat", 9000, at))
    shop.post(rules.fee_charged(1, 1, 1, [(11, 54)], at))
    shop.fulfil(1, 11, 5000, 500, 4000, at)
    shop.fulfil(2, 11, 5000, 500, None, None)
    shop.post(rules.refund_granted(1, shop.unit(2, 11, 5000, 500, None, at), 4500, False, at))
    shop.post(rules.refund_paid_out(1, 1, 1, "wechat", 4500, at))


def _unknown_cost_late_at_night(shop: Shop) -> None:
    """Order 2: 23:30 UTC is the morning after in Shanghai (day 2); what it cost is not known. Beside it a known one."""
    at = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
    shop.order(2, 1, at, [(2, 1, 3000), (1, 1, 1000)])
    shop.post(rules.order_paid(2, 2, 1, "wallet", 4000, at))
    shop.fulfil(3, 21, 3000, 0, None, at)
    shop.fulfil(4, 22, 1000, 0, 600, at)


def _refunded_after_delivery(shop: Shop) -> None:
    """Order 3: delivered on day 2 at ¥12 for ¥20, half of it refunded on day 3."""
    shop.order(3, 2, noon(2), [(1, 1, 2000)])
    shop.post(rules.order_paid(3, 3, 2, "wallet", 2000, noon(2)))
    shop.fulfil(5, 31, 2000, 0, 1200, noon(2))
    shop.post(rules.refund_granted(2, shop.unit(5, 31, 2000, 0, 1200, noon(2)), 1000, True, noon(3)))
    shop.post(rules.refund_paid_out(2, 3, 2, "wallet", 1000, noon(3)))


def _without_value_and_without_payment(shop: Shop) -> None:
    """Order 4 gives a unit away on day 5; order 5 is never paid; order 6 comes after any as-of date in March."""
    shop.order(4, 3, noon(5), [(2, 1, 0)])
    shop.fulfil(6, 41, 0, 0, None, noon(5))
    shop.order(5, 2, noon(6), [(1, 1, 5000)], state="pending_payment")


def _codes(shop: Shop) -> None:
    """Of six codes of the first SKU one took a bad one's place, one was bad in stock and one is left; of three one is.

    What was lost cost nothing that is known, so that the ledger's inventory is that of the codes without a loss.
    """
    shop.add("supplier", id=91, name="Acme", currency="CNY", terms="on_account", created_at=noon(-20))
    for number, sku, count, cost in ((1, 1, 4, 7050), (2, 2, 3, None), (3, 1, 2, None)):
        batch = {"card_count": count, "total_cost_fen": cost, "supplier_id": 91, "supplier_name": "Acme"}
        shop.add("card_batch", id=number, sku_id=sku, imported_at=noon(-1), **batch)
        shop.post(rules.codes_bought(number, cost or 0, noon(-1)))
    cards = (
        (1, 1, 4000, "delivered", 1),
        (2, 1, 600, "delivered", 4),
        (3, 1, 1200, "defective", None),
        (4, 3, None, "delivered", 5),
        (5, 1, 1250, "available", None),
        (6, 3, None, "defective", None),
        (7, 2, None, "delivered", 3),
        (8, 2, None, "delivered", 6),
        (9, 2, None, "available", None),
    )
    for number, batch_id, cost, state, unit in cards:
        place = {"batch_id": batch_id, "sku_id": 2 if batch_id == 2 else 1, "delivered_fulfilment_id": unit}
        shop.add("card", id=number, cost_fen=cost, state=state, expires_at=noon(50), **place)
    replaced = {"fulfilment_id": 5, "replacement_card_id": 4}
    shop.add("card_defect", id=1, card_id=3, batch_id=1, cost_fen=1200, reported_at=noon(3), **replaced)
    shop.add("card_defect", id=2, card_id=6, batch_id=3, reported_at=noon(4))
    shop.add("batch_credit", id=1, batch_id=1, amount_fen=1000, credited_at=noon(6))


def _money(shop: Shop) -> None:
    """How orders 1 to 3 were paid and paid back; order 5 waits for its payment."""
    paid = ((1, 1, "wechat", 9000, 54, noon(0)), (2, 2, "wallet", 4000, 0, noon(2)), (3, 3, "wallet", 2000, 0, noon(2)))
    for number, order, method, fen, fee, at in paid:
        money = {"method": method, "state": "succeeded", "amount_fen": fen, "fee_fen": fee, "shares_profit": False}
        shop.add("payment", id=number, order_id=order, created_at=at, paid_at=at, **money)
    waiting = {"method": "wechat", "state": "pending", "amount_fen": 5000, "fee_fen": 0, "shares_profit": False}
    shop.add("payment", id=4, order_id=5, created_at=noon(6), **waiting)
    for number, payment, unit, method, fen, at in (
        (1, 1, 2, "wechat", 4500, noon(0)),
        (2, 3, 5, "wallet", 1000, noon(3)),
    ):
        money = {"method": method, "state": "succeeded", "amount_fen": fen}
        payout = {"fee_returned_fen": 0, "requested_at": at, "paid_out_at": at}
        shop.add("refund_payout", id=number, payment_id=payment, **money, **payout)
        shop.add("refund", id=number, fulfilment_id=unit, payout_id=number, earned=unit == 5, refunded_at=at, **money)


def _case_and_benefit(shop: Shop) -> None:
    """The bad code's customer complained and got half the price back; the first customer looked at a code."""
    shop.add("staff", id=91, role="operator")
    states = {"reason": "does_not_work", "state": "resolved", "opened_at": noon(2), "closed_at": noon(3)}
    shop.add("aftersales_case", id=1, customer_id=2, order_id=3, **states)
    shop.add("aftersales_case_unit", id=1, case_id=1, fulfilment_id=5, is_open=False)
    shop.add("aftersales_resolution", id=1, case_id=1, kind="refund", amount_fen=1000, staff_id=91, decided_at=noon(3))
    shop.add("aftersales_decision", id=1, resolution_id=1, case_unit_id=1, amount_fen=1000)
    whose = {"fulfilment_id": 1, "order_id": 1, "customer_id": 1, "sku_id": 1, "product_id": 1, "card_id": 1}
    shop.add("entitlement", id=1, kind="card_code", state="revealed", **whose)
    for number, before, after, cause in ((1, None, "ready", "delivered"), (2, "ready", "revealed", "shown")):
        move = {"from_state": before, "to_state": after, "cause": cause, "happened_at": noon(number - 1)}
        shop.add("entitlement_event", id=number, entitlement_id=1, **move)
