"""A gateway of a test: it answers what the test told it to, and keeps what it was asked."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from transactional.payments.gateways.interface import (
    Acknowledgement,
    Bill,
    Notice,
    PayLink,
    PaymentAsk,
    RefundAsk,
    RefundFact,
    ShareAsk,
    ShareFact,
    Trade,
)


@dataclass
class FakeGateway:
    """`answers` by operation: the next ones, in order; an exception is raised. Otherwise it is a well-run gateway."""

    method: str = "wechat"
    ways: tuple[str, ...] = ("native", "h5", "jsapi")
    fee_per_myriad: int = 60
    answers: dict[str, deque[Any]] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    trades: dict[str, Trade] = field(default_factory=dict)
    notice: Notice | Exception | None = None

    def plan(self, operation: str, *answers: Any) -> None:
        self.answers.setdefault(operation, deque()).extend(answers)

    def made(self, operation: str) -> list[Any]:
        """What was asked of an operation."""
        return [what for name, what in self.asked if name == operation]

    def _answer(self, operation: str, asked: Any, otherwise: Any) -> Any:
        self.asked.append((operation, asked))
        planned = self.answers.get(operation)
        answer = planned.popleft() if planned else otherwise
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def create(self, ask: PaymentAsk) -> PayLink:
        link: PayLink = self._answer("create", ask, PayLink("qr", f"weixin://{ask.out_trade_no}"))
        self.trades[ask.out_trade_no] = Trade("waiting", ask.out_trade_no)
        return link

    async def query(self, out_trade_no: str) -> Trade:
        known = self.trades.get(out_trade_no, Trade("not_found", out_trade_no))
        trade: Trade = self._answer("query", out_trade_no, known)
        return trade

    async def close(self, out_trade_no: str) -> None:
        self._answer("close", out_trade_no, None)
        if self.trades.get(out_trade_no, Trade("closed", "")).state == "waiting":
            self.trades[out_trade_no] = Trade("closed", out_trade_no)

    async def refund(self, ask: RefundAsk) -> RefundFact:
        done = RefundFact("succeeded", ask.out_refund_no, f"G{ask.out_refund_no}", ask.amount_fen)
        fact: RefundFact = self._answer("refund", ask, done)
        return fact

    async def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundFact:
        fact: RefundFact = self._answer("query_refund", out_refund_no, RefundFact("not_found", out_refund_no))
        return fact

    async def share(self, ask: ShareAsk) -> ShareFact:
        fact: ShareFact = self._answer("share", ask, ShareFact("succeeded", ask.out_order_no, "S", ask.amount_fen))
        return fact

    async def query_share(self, gateway_trade_no: str, out_order_no: str) -> ShareFact:
        fact: ShareFact = self._answer("query_share", out_order_no, ShareFact("succeeded", out_order_no))
        return fact

    async def return_share(self, ask: ShareAsk, original: str) -> ShareFact:
        done = ShareFact("succeeded", ask.out_order_no, "B", ask.amount_fen)
        fact: ShareFact = self._answer("return_share", (ask, original), done)
        return fact

    async def release_share(self, gateway_trade_no: str, out_order_no: str) -> ShareFact:
        fact: ShareFact = self._answer("release_share", out_order_no, ShareFact("succeeded", out_order_no))
        return fact

    async def bill(self, day: date) -> Bill:
        bill: Bill = self._answer("bill", day, Bill(day, b"\0" * 32, ()))
        return bill

    async def authenticate(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        if self.notice is None or isinstance(self.notice, Exception):
            raise self.notice or ValueError("nothing planned")
        return self.notice

    def acknowledge(self, accepted: bool) -> Acknowledgement:
        return Acknowledgement(200 if accepted else 401, "text/plain", "success" if accepted else "fail")

    async def aclose(self) -> None:
        pass
