"""One buyer's account at a simulated supplier: takes orders, ends them in their time, tells of it, changes prices.

What it says over the wire belongs to the protocols, which see to answers and give it an `Announcer`.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, Protocol

from mingsuan import clock
from simulation.suppliers import fates, statements
from simulation.suppliers.book import Book
from simulation.suppliers.entries import BookedCode, BookedOrder, BookError, Good, Statement, StatementErrors
from simulation.suppliers.outbox import Letter, Outbox
from simulation.suppliers.spec import AccountSpec

JUMPS = (Decimal("1.3"), Decimal("1.8"), Decimal("3"), Decimal("12"))
ShownState = Literal["processing", "succeeded", "failed", "unknown", "not_found"]


class Announcer(Protocol):
    """A protocol's callbacks; None where it knows no such thing. Letters are named `<kind>:<number>`."""

    def order_ended(self, order: BookedOrder) -> Letter | None: ...
    def prices_changed(self, goods: Sequence[Good]) -> Letter | None: ...
    def statement_made(self, statement: Statement) -> Letter | None: ...


class Account:
    """An account at work. `held` orders stay open until somebody ends them with `finish`.

    Times are multiplied by `time_scale`. `down` is an outage that somebody began by hand; `statement_errors` are what
    the next statements of a day get wrong. `defects` are the bad codes that the buyer reported.
    """

    def __init__(
        self,
        spec: AccountSpec,
        *,
        base_url: str = "",
        folder: Path | None = None,
        time_scale: float = 1.0,
        held: bool = False,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self.spec, self.base_url, self.time_scale, self.now = spec, f"{base_url}/{spec.name}", time_scale, now
        self.name, self.currency, self.credentials = spec.name, spec.currency, spec.credentials
        self.tempo, self.misbehaviour = spec.tempo, spec.misbehaviour
        self.book = Book(folder / f"{spec.name}.sqlite" if folder else ":memory:", spec.terms, now)
        self.outbox = Outbox(self.misbehaviour, time_scale=time_scale, held=held)
        self.announcer: Announcer | None = None
        self.push_url = spec.push_url
        self.held, self.down, self.started_at = held, False, now()
        self.statement_errors: dict[date, StatementErrors] = {}
        self.defects: dict[str, str] = {}
        self._goods = {good.supplier_sku: good for good in spec.goods}
        self._lock = threading.RLock()
        self._looks = 0
        if spec.deposit and not self.book.movements():
            self.book.top_up(spec.deposit)

    def is_down(self) -> bool:
        """Whether nothing is answered now; every request that meets it counts as an `outage`."""
        running = (self.now() - self.started_at).total_seconds() / self.time_scale
        down = self.down or any(first <= running < last for first, last in self.misbehaviour.outages)
        if down:
            self.misbehaviour.count("outage")
        return down

    def goods(self) -> list[Good]:
        with self._lock:
            return list(self._goods.values())

    def good(self, supplier_sku: str) -> Good:
        """BookError: `no_such_good`."""
        with self._lock:
            if supplier_sku not in self._goods:
                raise BookError("no_such_good", supplier_sku)
            return self._goods[supplier_sku]

    def shown_cost(self, good: Good) -> Decimal | None:
        """The price as an answer gives it: sometimes zero, or none at all."""
        with self._lock:
            self._looks += 1
            look = f"{good.supplier_sku}@{self._looks}"
        if self.misbehaviour.strikes("missing_cost", look):
            return None
        return Decimal(0) if self.misbehaviour.strikes("zero_cost", look) else good.unit_cost

    def change(self, supplier_sku: str, *, tell: bool = True, **values: object) -> Good:
        """Another price, stock or state of sale from now on (fields of Good); a new price has a new version."""
        with self._lock:
            before = self.good(supplier_sku)
            version = before.price_version + (values.get("unit_cost", before.unit_cost) != before.unit_cost)
            after: Good = replace(before, **{**values, "price_version": version})  # type: ignore[arg-type]
            self._goods[supplier_sku] = after
        if tell and self.announcer is not None and self.push_url:
            self._post(self.announcer.prices_changed([after]))
        return after

    def place(
        self,
        request_no: str,
        supplier_sku: str,
        quantity: int,
        *,
        max_unit_cost: Decimal | None = None,
        told: str = "",
        callback_url: str = "",
    ) -> BookedOrder:
        """Takes an order and charges it; how it will end is drawn from its number. `told`: the fields of a top-up.

        Without a `callback_url` its end is told where prices are.

        BookError: `no_such_good`, `off_sale`, `quantity`, `out_of_stock`, `loss_making`, `exists`, `balance`.
        """
        asked_at = self.now()
        self.push_url = self.push_url or callback_url
        good = self._sellable(request_no, supplier_sku, quantity)
        if max_unit_cost is not None and good.unit_cost > max_unit_cost:
            raise BookError("loss_making", request_no)
        with self._lock:
            order = self.book.place(
                self._planned(request_no, good, quantity, told, callback_url or self.push_url, asked_at)
            )
            if good.stock is not None:
                self._goods[supplier_sku] = replace(self.good(supplier_sku), stock=good.stock - quantity)
        if not self.held:
            wait_s = (order.ready_at - self.now()).total_seconds() / self.time_scale
            self.outbox.later(max(0.0, wait_s), self.advance)
        return order

    def order(self, request_no: str) -> BookedOrder | None:
        """The last order under a number, ended if its time has come."""
        self.advance()
        return self.book.order(request_no)

    def shown_state(self, order: BookedOrder) -> ShownState:
        """What a query is told: the truth, unless its state is to be unknown, or itself, for a while."""
        age_s = (self.now() - order.asked_at).total_seconds() / self.time_scale
        name = order.request_no
        if age_s < self.tempo.not_found_s and self.misbehaviour.strikes("late_not_found", name):
            return "not_found"
        if age_s < self.tempo.unknown_s and self.misbehaviour.strikes("unknown_state", name):
            return "unknown"
        return order.state

    def advance(self) -> None:
        """Ends every open order whose time has come."""
        if not self.held:
            for order in self.book.due(self.now()):
                self.finish(order)

    def finish(self, order: BookedOrder, succeeded: bool | None = None) -> BookedOrder:
        """Ends an open order as it was planned, or as told; the callback goes out. One that ended stays as it is."""
        state = order.planned_state if succeeded is None else ("succeeded" if succeeded else "failed")
        good = order.planned_good if succeeded is None else order.quantity
        with self._lock:
            try:
                codes = self._codes(order, good) if state == "succeeded" and order.kind == "card" else []
                ended = self.book.finish(order.order_ref, state, codes, good)
            except BookError:
                return self.book.by_ref(order.order_ref)
        self._post(self.ended_letter(ended))
        return ended

    def ended_letter(self, order: BookedOrder) -> Letter | None:
        return self.announcer.order_ended(order) if self.announcer is not None and order.callback_url else None

    def statement(self, day: date) -> Statement:
        """The day's statement as it goes out, with what it gets wrong."""
        told = statements.lines(self.book, day, self.statement_errors.get(day))
        form = self.spec.statement_format
        return Statement(f"{self.name}-{day}.{form}", statements.written(told, self.currency, form), day)

    def send_statement(self, day: date) -> None:
        """Tells the shop of a day's statement, for protocols that do."""
        if self.announcer is not None:
            self._post(self.announcer.statement_made(self.statement(day)))

    def close(self) -> None:
        self.book.close()

    def _sellable(self, request_no: str, supplier_sku: str, quantity: int) -> Good:
        good = self.good(supplier_sku)
        if not good.on_sale:
            raise BookError("off_sale", supplier_sku)
        if quantity < 1:
            raise BookError("quantity", request_no)
        lies = self.misbehaviour.strikes("stock_lie", request_no)
        if lies or (good.stock is not None and good.stock < quantity):
            raise BookError("out_of_stock", supplier_sku)
        if self.misbehaviour.strikes("price_jump", request_no):
            factor = self.misbehaviour.rng("jump", request_no).choice(JUMPS)
            good = self.change(supplier_sku, unit_cost=(good.unit_cost * factor).quantize(Decimal("0.0001")))
        return good

    def _planned(
        self, request_no: str, good: Good, quantity: int, told: str, callback_url: str, asked_at: datetime
    ) -> BookedOrder:
        before = self.book.order(request_no)
        attempt = before.attempt + 1 if before else 1
        running_s = (asked_at - self.started_at).total_seconds() / self.time_scale
        fate = fates.fate(self.misbehaviour, self.tempo, f"{request_no}/{attempt}", quantity, running_s)
        return BookedOrder(
            order_ref=f"{asked_at:%y%m%d}{self.spec.seed % 1000:03d}{self.book.placed + 1:09d}",
            request_no=request_no,
            attempt=attempt,
            supplier_sku=good.supplier_sku,
            kind=good.kind,
            quantity=quantity,
            unit_cost=good.unit_cost,
            state="processing",
            planned_state="succeeded" if fate.good_quantity else "failed",
            planned_good=fate.good_quantity,
            good_quantity=0,
            callback_url=callback_url,
            told=told,
            asked_at=asked_at,
            ready_at=asked_at + timedelta(seconds=fate.takes_s * self.time_scale),
        )

    def _codes(self, order: BookedOrder, count: int) -> list[BookedCode]:
        names = [f"{order.order_ref}/{number}" for number in range(count)]
        return [
            fates.code(self.misbehaviour, self.name, each, order.order_ref, self.book, self.now()) for each in names
        ]

    def _post(self, letter: Letter | None) -> None:
        if letter is not None:
            self.outbox.post(letter)
