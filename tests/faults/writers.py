"""Shoppers, importers and operators at their worst: many transactions that hold, roll back, nest and collide."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

HOT_ORDERS = 5
SHELF = """
with c as (insert into shop.category (slug, name_zh, name_en) values ('games', '游戏', 'Games') returning id),
p as (insert into shop.product (category_id, slug, kind, title_zh, title_en)
    select id, 'card', 'card_code', '卡', 'Card' from c returning id),
s as (insert into shop.sku (product_id, code, name_zh, name_en) select id, 'C50', '50', '50' from p returning id),
b as (insert into shop.card_batch (sku_id, card_count, file_name, file_sha256) select id, 300, 'f', '\\x01' from s
    returning id, sku_id)
insert into shop.card (batch_id, sku_id, ciphertext) select id, sku_id, '\\xc0de' from b, generate_series(1, 300)
"""


class _RolledBackError(Exception):
    """Ends a writer's transaction without its work."""


@dataclass
class Writers:
    """Threads that write until `stop`; used as a context manager."""

    app_url: str
    longest_hold_s: float
    count: int = 8
    seed: int = 1
    done: Counter[str] = field(default_factory=Counter)
    failures: list[BaseException] = field(default_factory=list)

    def __enter__(self) -> "Writers":
        with psycopg.connect(self.app_url) as connection:
            connection.execute(SHELF)
            for _ in range(HOT_ORDERS):
                _place_order(connection, lambda: None)
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(self.count)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        if self.failures:
            raise self.failures[0]

    def _write(self, number: int) -> None:
        chance = random.Random(self.seed * 1000 + number)  # noqa: S311  (no secret)
        acts = (_new_order, _new_order, _late_update, _quick_update, _quick_update, _nested, _very_nested)
        try:
            with psycopg.connect(self.app_url) as connection:
                while not self._stopped.is_set():
                    self._one_transaction(connection, chance, chance.choice(acts))
        except BaseException as error:  # noqa: BLE001  (shown by the thread that joins)
            self.failures.append(error)

    def _one_transaction(self, connection: psycopg.Connection, chance: random.Random, act: "Act") -> None:
        def hold() -> None:
            # mostly short, sometimes as long as it may be
            self._stopped.wait(self.longest_hold_s * chance.random() ** 4)

        try:
            with connection.transaction():
                act(connection, chance, hold)
                if chance.random() < 0.2:
                    raise _RolledBackError
            self.done[act.__name__] += 1
        except _RolledBackError:
            self.done["rolled back"] += 1
        time.sleep(0.05)  # leave the machine to the ingest now and then


Hold = Callable[[], None]
Act = Callable[[psycopg.Connection, random.Random, Hold], None]


def _number(connection: psycopg.Connection, statement: str, *values: object) -> int:
    row = connection.execute(statement, values).fetchone()
    assert row is not None
    return int(row[0])


def _new_order(connection: psycopg.Connection, chance: random.Random, hold: Hold) -> None:
    _place_order(connection, hold)


def _place_order(connection: psycopg.Connection, hold: Hold) -> None:
    customer = _number(
        connection, "insert into shop.customer (email) values (gen_random_uuid() || '@example.com') returning id"
    )
    connection.execute("insert into shop.wallet (customer_id, balance_fen) values (%s, 0)", [customer])
    order = _number(
        connection,
        "insert into shop.orders (order_no, customer_id, state, gross_fen, net_fen, paid_at)"
        " values (gen_random_uuid(), %s, 'paid', 5000, 5000, now()) returning id",
        customer,
    )
    hold()
    item = _number(
        connection,
        "insert into shop.order_item (order_id, line_no, sku_id, quantity, gross_fen, net_fen)"
        " select %s, 1, min(id), 1, 5000, 5000 from shop.sku returning id",
        order,
    )
    fulfilment = _number(
        connection,
        "insert into shop.fulfilment (order_item_id, unit_no, quantity, state, gross_fen, discount_fen, delivered_at)"
        " values (%s, 1, 1, 'delivered', 5000, 0, now()) returning id",
        item,
    )
    connection.execute(
        "update shop.card set state = 'delivered', free_at = 'infinity', delivered_fulfilment_id = %s where id ="
        " (select id from shop.card where state = 'available' order by pick limit 1 for update skip locked)",
        [fulfilment],
    )
    posted = _number(
        connection,
        "insert into shop.ledger_transaction (reference, event, effective_at, ledger_date, order_id)"
        " values (%s, 'delivered', now(), current_date, %s) returning id",
        f"order:{order}",
        order,
    )
    hold()
    connection.execute(
        "insert into shop.ledger_entry (transaction_id, account, amount_fen, customer_id)"
        " values (%s, 'bank', 5000, %s), (%s, 'sales', -5000, %s)",
        [posted, customer, posted, customer],
    )
    connection.execute(
        "insert into shop.document_line (transaction_id, kind, component, amount_fen, order_item_id, effective_at)"
        " values (%s, 'delivery', 'gross_sales', 5000, %s, now())",
        [posted, item],
    )
    connection.execute(
        'insert into shop.order_event (order_id, kind, detail) values (%s, \'paid\', \'{"by": "钱包", "n": 1.50}\')',
        [order],
    )


def _touch_hot_order(connection: psycopg.Connection, chance: random.Random) -> None:
    connection.execute(
        "update shop.orders set state = %s where id = (select id from shop.orders order by id offset %s limit 1)",
        [chance.choice(["delivered", "completed", "refund_pending"]), chance.randrange(HOT_ORDERS)],
    )


def _late_update(connection: psycopg.Connection, chance: random.Random, hold: Hold) -> None:
    """Begin to write early, and touch a row late that younger transactions have touched since."""
    connection.execute("insert into shop.customer (acquisition_channel) values ('early')")
    hold()
    _touch_hot_order(connection, chance)


def _quick_update(connection: psycopg.Connection, chance: random.Random, hold: Hold) -> None:
    _touch_hot_order(connection, chance)


def _nested(connection: psycopg.Connection, chance: random.Random, hold: Hold) -> None:
    connection.execute("insert into shop.customer (acquisition_channel) values ('outer')")
    with connection.transaction():
        connection.execute("insert into shop.customer (acquisition_channel) values ('kept')")
        hold()
    try:
        with connection.transaction():
            _touch_hot_order(connection, chance)
            connection.execute("insert into shop.customer (acquisition_channel) values ('taken back')")
            hold()
            raise _RolledBackError
    except _RolledBackError:
        connection.execute("insert into shop.customer (acquisition_channel) values ('after')")


def _very_nested(connection: psycopg.Connection, chance: random.Random, hold: Hold) -> None:
    """More sub-transactions than the server keeps in memory for one (64)."""
    for _ in range(70):
        with connection.transaction():
            connection.execute("insert into shop.customer (acquisition_channel) values ('nested')")
    hold()
