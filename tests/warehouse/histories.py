"""Random histories of a small shop, batch by batch, as the statements that ingest would cause on any engine."""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.warehouse.hand_fed import Shop, noon
from transactional.ledger import rules
from transactional.ledger.rules import Account, Entry, Line, Posting

Statement = tuple[str, list[Any]]
DAYS = 40
CUSTOMERS, CATEGORIES, PRODUCTS, CHANNELS = 4, 3, 3, 2
TOUCHED = (
    *("shop_profile", "category", "product", "sku", "customer", "supply_channel", "orders", "order_item", "fulfilment"),
    *("purchase", "ledger_account", "ledger_transaction", "ledger_entry", "document_line"),
)
"""Tables that a history writes."""


class Recorder:
    """Stands where a connection would and keeps the statements."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self.statements.append((sql, list(values)))

    def taken(self) -> list[Statement]:
        """What was kept since the last time."""
        statements, self.statements = self.statements, []
        return statements


class BatchedShop(Shop):
    """The shop by hand, each row stamped with the batch that brings it; `change` brings a newer version of one."""

    def __init__(self, connection: Any, batch: int = 1, after: int = 0) -> None:
        super().__init__(connection, after)
        self.batch = batch

    def add(self, table: str, **row: object) -> None:
        super().add(table, **row, _batch=self.batch)

    def change(self, table: str, number: int, **values: object) -> None:
        columns = ", ".join(f"{name} = ?" for name in (*values, "_batch"))
        self._connection.execute(
            f"update raw_current.{table} set {columns} where id = ?", [*values.values(), self.batch, number]
        )


class History:
    """One shop's life. Batches hold what committed late, is dated back, was corrected, moved or priced anew."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  (a history, not a secret)
        self._recorder = Recorder()
        self.shop = BatchedShop(self._recorder)
        self._orders: list[int] = []
        self._waiting: list[tuple[int, int]] = []
        self._delivered: list[rules.Delivered] = []
        self._bought: set[int] = set()
        self._numbers = iter(range(1, 10**6))

    def batches(self, count: int) -> Iterator[list[Statement]]:
        """The first batch opens the shop; each later one has a handful of events, or none."""
        self._open()
        for self.shop.batch in range(1, count + 1):
            for _ in range(self._random.choice((0, 2, 4, 8)) if self.shop.batch > 1 else 12):
                self._random.choice(self._events())()
            yield self._recorder.taken()

    def accident(self) -> float:
        """A number of this history's chance, from 0 to 1."""
        return self._random.random()

    def _events(self) -> list[Callable[[], None]]:
        return [
            *(self._order, self._order, self._deliver, self._deliver, self._refund, self._refund),
            *(
                self._purchase,
                self._purchase,
                self._correct_cost,
                self._move_order,
                self._price_anew,
                self._pay_fee,
                self._goodwill,
            ),
            *(self._move_product, self._rename_category, self._move_sku, self._touch_customer, self._regroup_account),
        ]

    def _open(self) -> None:
        shop = self.shop
        self._recorder.execute("update raw_current.ledger_account set _batch = 1")
        shop.add("shop_profile", id=1, currency="CNY", timezone="Asia/Shanghai")
        for number in range(1, CATEGORIES + 1):
            shop.add("category", id=number, slug=f"c{number}", name_zh="类", name_en="c", position=number)
        for number in range(1, PRODUCTS + 1):
            titles = {"title_zh": "卡", "title_en": "Card"}
            shop.add("product", id=number, category_id=1, slug=f"p{number}", kind="card_code", **titles)
            shop.add("sku", id=number, product_id=number, code=f"s{number}", name_zh="s", name_en="s")
        for number in range(1, CHANNELS + 1):
            shop.add("supply_channel", id=number, supplier_id=1, code=f"h{number}", name="h")
        for number in range(1, CUSTOMERS + 1):
            shop.add("customer", id=number, acquisition_channel="search", registered_at=noon(-1))

    def _at(self) -> datetime:
        """Any instant of the past, however late it is told; near midnight days of two zones differ."""
        return noon(self._random.randrange(DAYS)) + timedelta(hours=self._random.choice((-13, 0, 11, 12)))

    def _fen(self) -> int:
        return self._random.randrange(1, 100) * 100

    def _order(self) -> None:
        number, at = next(self._numbers), self._at()
        lines = [(self._random.randint(1, PRODUCTS), 1, self._fen()) for _ in range(self._random.choice((1, 2)))]
        self.shop.order(number, self._random.randint(1, CUSTOMERS), at, lines, state="paid")
        self._orders.append(number)
        self._waiting += [(number * 10 + place, gross) for place, (_, _, gross) in enumerate(lines, 1)]

    def _deliver(self) -> None:
        if not self._waiting:
            return
        item, gross = self._waiting.pop(self._random.randrange(len(self._waiting)))
        unit, at = next(self._numbers), self._at()
        cost = self._random.choice((None, 0, gross // 2))
        self.shop.fulfil(unit, item, gross, gross // 10, cost, at)
        self._delivered.append(self.shop.unit(unit, item, gross, gross // 10, cost, at))

    def _purchase(self) -> None:
        """Where a unit came from can be told before its delivery, with it or long after, and be another next time."""
        if not self._delivered:
            return
        unit = self._random.choice(self._delivered).fulfilment_id
        if unit in self._bought:
            state = self._random.choice(("succeeded", "late_failed"))
            channel = self._random.randint(1, CHANNELS)
            self.shop.change("purchase", unit, channel_id=channel, state=state)
        else:
            self._bought.add(unit)
            self.shop.add("purchase", id=unit, fulfilment_id=unit, channel_id=1, state="succeeded", attempt_no=1)

    def _refund(self) -> None:
        """Of a unit delivered long ago, dated when it likes."""
        if self._delivered:
            unit, fen = self._random.choice(self._delivered), self._random.randint(1, 100)
            self.shop.post(rules.refund_granted(next(self._numbers), unit, fen, True, self._at()))

    def _correct_cost(self) -> None:
        """A cost that is learnt late is posted on the day it is learnt, and the unit says it from now on."""
        if not self._delivered:
            return
        unit = self._random.choice(self._delivered)
        at, cost = self._at(), self._fen()
        of = {"order_item_id": unit.order_item_id, "customer_id": unit.customer_id}
        entries = (Entry(Account.COGS, cost, **of), Entry(Account.CARD_INVENTORY, -cost, **of))
        line = Line("cost_correction", "cogs", cost, fulfilment_id=unit.fulfilment_id, **of)
        self.shop.post(Posting(f"cost:{next(self._numbers)}", "cost_corrected", at, entries, (line,), unit.order_id))
        self.shop.change("fulfilment", unit.fulfilment_id, cost_fen=cost, delivered_at=at)

    def _move_order(self) -> None:
        if self._orders:
            at = self._at()
            state = self._random.choice(("paid", "delivered", "completed"))
            self.shop.change("orders", self._random.choice(self._orders), ordered_at=at, paid_at=at, state=state)

    def _price_anew(self) -> None:
        if self._orders:
            gross = self._fen()
            item = self._random.choice(self._orders) * 10 + 1
            self.shop.change("order_item", item, gross_fen=gross, net_fen=gross, quantity=self._random.randint(1, 3))

    def _pay_fee(self) -> None:
        if self._orders:
            order = self._random.choice(self._orders)
            fees = [(order * 10 + 1, self._random.randint(1, 50))]
            self.shop.post(rules.fee_charged(next(self._numbers), order, 1, fees, self._at()))

    def _goodwill(self) -> None:
        reference = str(next(self._numbers))
        self.shop.post(rules.wallet_credited(reference, 1, self._fen(), "goodwill", self._at()))

    def _move_product(self) -> None:
        category = self._random.randint(1, CATEGORIES)
        self.shop.change("product", self._random.randint(1, PRODUCTS), category_id=category)

    def _rename_category(self) -> None:
        slug = self._random.choice(("games", "music", "c2"))
        self.shop.change("category", self._random.randint(1, CATEGORIES), slug=slug)

    def _move_sku(self) -> None:
        product = self._random.randint(1, PRODUCTS)
        self.shop.change("sku", self._random.randint(1, PRODUCTS), product_id=product)

    def _touch_customer(self) -> None:
        channel = self._random.choice(("search", "friends"))
        self.shop.change("customer", self._random.randint(1, CUSTOMERS), acquisition_channel=channel)

    def _regroup_account(self) -> None:
        level = self._random.choice((2, 3))
        account = self._random.choice(("payment_fees", "goodwill"))
        self._recorder.execute(
            "update raw_current.ledger_account set margin_level = ?, _batch = ? where code = ?",
            [level, self.shop.batch, account],
        )
