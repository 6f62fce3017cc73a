"""Comparing the lines of a gateway's daily bill with what the shop knows. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from transactional.payments.gateways.interface import BillLine

LineVerdict = Literal[
    "agrees", "found", "fee_differs", "fee_returned", "amount_differs", "not_ours", "refund_unknown", "refund_open"
]
DIFFERENCES = frozenset({"found", "fee_differs", "amount_differs", "not_ours", "refund_unknown", "refund_open"})
FOR_A_PERSON = frozenset({"amount_differs", "not_ours", "refund_unknown", "refund_open"})


@dataclass(frozen=True, slots=True)
class Ours:
    """A payment, a receipt that no order could take, or a payout, as the shop knows it. The fee is negative on the way
    back, like a bill's."""

    kind: Literal["payment", "receipt", "payout"]
    id: int
    payment_id: int | None
    order_id: int | None
    amount_fen: int
    fee_fen: int
    ended: bool = True


@dataclass(frozen=True, slots=True)
class Compared:
    """A line of the bill beside what it was held against."""

    line: BillLine
    ours: Ours | None
    verdict: LineVerdict
    fee_difference_fen: int = 0

    @property
    def is_difference(self) -> bool:
        return self.verdict in DIFFERENCES


def key_of(line: BillLine) -> str:
    """What a line is looked up by: the gateway's number of the trade, or our number of the refund."""
    return line.gateway_trade_no if line.kind == "payment" else line.out_refund_no or ""


def compared(lines: Sequence[BillLine], known: Mapping[str, Ours], found: frozenset[str]) -> list[Compared]:
    """Each line with its verdict. `found`: keys of lines that the shop learnt from this very bill."""
    return [_compared(line, known.get(key_of(line)), key_of(line) in found) for line in lines]


def _compared(line: BillLine, ours: Ours | None, is_new: bool) -> Compared:
    if ours is None:
        return Compared(line, None, "refund_unknown" if line.kind == "refund" else "not_ours")
    if ours.amount_fen != line.amount_fen:
        return Compared(line, ours, "amount_differs")
    if not ours.ended:
        return Compared(line, ours, "refund_open")
    difference = line.fee_fen - ours.fee_fen
    if is_new:
        return Compared(line, ours, "found", difference)
    if not difference:
        return Compared(line, ours, "agrees")
    return Compared(line, ours, "fee_returned" if line.kind == "refund" else "fee_differs", difference)
