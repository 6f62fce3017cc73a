"""What the three simulated gateways share while they run: book, notices, keys, planned faults, and who announces."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mingsuan import clock
from simulation.gateways.book import Book
from simulation.gateways.deliveries import Deliveries, Letter
from simulation.gateways.entries import BookedRefund, BookedTrade, Method
from simulation.gateways.keys import Keys
from simulation.gateways.misbehaviour import AnswerFaults


class Announcer(Protocol):
    """A protocol's side of events that begin outside its API. Each protocol's `router(state)` adds its own."""

    def paid(self, trade: BookedTrade) -> Letter:
        """The notice of a payment, named `paid:<out_trade_no>`."""
        ...

    def refunded(self, refund: BookedRefund) -> Letter | None:
        """The notice of a refund's end, named `refunded:<out_refund_no>`; None when the gateway sends none."""
        ...

    def return_address(self, trade: BookedTrade) -> str:
        """Where the payer's browser goes afterwards, with what the gateway adds; empty when nowhere."""
        ...


@dataclass(slots=True)
class State:
    """`base_url` is where the simulation answers, `shop_url` where people find the shop.

    Times of the gateways (retries, the minute before a share) are multiplied by `time_scale`. `refunds_fail` are the
    out_refund_no of refunds that shall end in failure, `refunds_wait` of those that stay in processing until
    `end_refund`, `shares_fail` the out_order_no of shares that shall fail. `bills_at_once`: a bill of today can be had
    too, as far as it goes. `hang_s` is how long an answer that hangs takes.
    """

    book: Book
    deliveries: Deliveries
    keys: Keys
    base_url: str
    shop_url: str
    time_scale: float = 1.0
    hang_s: float = 30.0
    now: Callable[[], datetime] = clock.now
    faults: AnswerFaults = field(default_factory=AnswerFaults)
    announcers: dict[Method, Announcer] = field(default_factory=dict)
    refunds_fail: set[str] = field(default_factory=set)
    refunds_wait: set[str] = field(default_factory=set)
    shares_fail: set[str] = field(default_factory=set)
    bills_at_once: bool = False

    def cashier_url(self, method: Method, out_trade_no: str) -> str:
        """The page where a person pays."""
        return f"{self.base_url}/cashier/{method}/{out_trade_no}"

    def pay(self, method: Method, out_trade_no: str, *, paid_fen: int | None = None, late: bool = False) -> BookedTrade:
        """The payer pays and the gateway announces it. BookError as `Book.pay`."""
        trade = self.book.pay(method, out_trade_no, paid_fen=paid_fen, late=late)
        self.deliveries.post(self.announcers[method].paid(trade))
        return trade

    def end_refund(self, method: Method, out_refund_no: str, *, succeeded: bool = True) -> BookedRefund:
        """A refund in processing ends and the gateway announces it."""
        refund = self.book.end_refund(method, out_refund_no, succeeded=succeeded)
        letter = self.announcers[method].refunded(refund)
        if letter is not None:
            self.deliveries.post(letter)
        return refund

    def refund_begun(self, refund: BookedRefund) -> BookedRefund:
        """What a protocol calls once a refund is booked: it ends at once unless a test said otherwise."""
        if refund.state != "processing" or refund.out_refund_no in self.refunds_wait:
            return refund
        failed = refund.out_refund_no in self.refunds_fail
        return self.end_refund(refund.method, refund.out_refund_no, succeeded=not failed)

    def close(self) -> None:
        self.deliveries.close()
        self.book.close()
