"""A simulated supplier's own book of one buyer's account: what was ordered, charged, refunded, delivered.

It judges the shop's: kept apart from it, and knowing money, codes and states only. No protocol, no HTTP, no faults.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

from mingsuan import clock
from simulation.suppliers.book_tables import SCHEMA, amount, insert, select, stored
from simulation.suppliers.entries import (
    BookedCode,
    BookedOrder,
    BookError,
    Movement,
    MovementKind,
    OrderState,
    Terms,
)


class Book:
    """In a SQLite file or in memory (`:memory:`); threads take turns.

    `purse` are the books of accounts that spend the same money, this one included; they take orders in one thread.
    """

    def __init__(self, file: Path | Literal[":memory:"], terms: Terms, now: Callable[[], datetime] = clock.now) -> None:
        self.terms, self.now = terms, now
        self.purse: tuple[Book, ...] = (self,)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(str(file), check_same_thread=False, isolation_level=None)
        self._connection.executescript("pragma journal_mode = wal; pragma synchronous = normal;" + SCHEMA)
        (self._placed,) = self._connection.execute("select count(*) from placed").fetchone()

    def top_up(self, value: Decimal) -> None:
        """The buyer pays in."""
        with self.transaction():
            self._move("top_up", value, None)

    def place(self, order: BookedOrder) -> BookedOrder:
        """Accepts an order and charges it. BookError: `exists` while one of that number is open or good, `balance`."""
        with self.transaction():
            before = self.order(order.request_no)
            if before is not None and before.state != "failed":
                raise BookError("exists", order.request_no)
            cost = order.unit_cost * order.quantity
            if self.terms == "prepaid" and self.balance() < cost:
                raise BookError("balance", order.request_no)
            insert(self._connection, "placed", order)
            self._move("charge", -cost, order)
            self._placed += 1
        return order

    def finish(self, order_ref: str, state: OrderState, codes: Sequence[BookedCode] = (), good: int = 0) -> BookedOrder:
        """Ends an open order; what was not delivered is given back. BookError: `not_found`, `not_open`."""
        with self.transaction() as connection:
            order = self.by_ref(order_ref)
            if order.state != "processing":
                raise BookError("not_open", order_ref)
            delivered = good if state == "succeeded" else 0
            for code in codes:
                insert(connection, "code", code)
            values = [stored(value) for value in (state, delivered, self.now(), order_ref)]
            connection.execute(
                "update placed set state = ?, good_quantity = ?, ended_at = ? where order_ref = ?", values
            )
            if delivered < order.quantity:
                self._move("refund", order.unit_cost * (order.quantity - delivered), order)
            return self.by_ref(order_ref)

    def credit(self, order_ref: str, value: Decimal) -> None:
        """Money given back for a bad code."""
        with self.transaction():
            self._move("credit", value, self.by_ref(order_ref))

    def order(self, request_no: str) -> BookedOrder | None:
        """The last attempt under a number."""
        found = self.orders("request_no = ?", request_no)
        return found[-1] if found else None

    def by_ref(self, order_ref: str) -> BookedOrder:
        """BookError: `not_found`."""
        found = self.orders("order_ref = ?", order_ref)
        if not found:
            raise BookError("not_found", order_ref)
        return found[0]

    def orders(self, where: str = "true", *values: object) -> list[BookedOrder]:
        with self._lock:
            return select(self._connection, BookedOrder, "placed", where, *values)

    def due(self, until: datetime) -> list[BookedOrder]:
        """Open orders whose time has come."""
        return self.orders("state = 'processing' and ready_at <= ?", until)

    def codes(self, order_ref: str | None = None) -> list[BookedCode]:
        with self._lock:
            where = ("order_ref = ?", order_ref) if order_ref else ("true",)
            return select(self._connection, BookedCode, "code", *where)

    def movements(self, where: str = "true", *values: object) -> list[Movement]:
        with self._lock:
            return select(self._connection, Movement, "movement", where, *values)

    def balance(self) -> Decimal:
        """What lies with the supplier in the purse; what is owed to it when negative."""
        return sum((book._sum("true") for book in self.purse), Decimal(0))

    def spent(self, request_no: str) -> Decimal:
        """What all attempts under a number cost in the end: charges less refunds and credits."""
        return -self._sum("request_no = ?", request_no)

    def bought(self) -> dict[str, int]:
        """By request number, how many goods were delivered under it: no item may have more than its one."""
        with self._lock:
            rows = self._connection.execute(
                "select request_no, sum(good_quantity) from placed where state = 'succeeded' group by request_no"
            )
            return {request_no: int(good) for request_no, good in rows if good}

    @property
    def placed(self) -> int:
        """Orders ever accepted: the next one's number."""
        return int(self._placed)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("begin immediate")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _sum(self, where: str, *values: object) -> Decimal:
        with self._lock:
            found = self._connection.execute(f"select coalesce(sum(amount), 0) from movement where {where}", values)
            return amount(found.fetchone()[0])

    def _move(self, kind: MovementKind, value: Decimal, order: BookedOrder | None) -> None:
        number, ref, sku = (order.request_no, order.order_ref, order.supplier_sku) if order else ("", "", "")
        quantity = order.quantity if order else 0
        insert(self._connection, "movement", Movement(kind, value, number, ref, sku, quantity, self.now()))
