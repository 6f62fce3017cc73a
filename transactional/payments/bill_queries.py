"""SQL of daily bills: what the shop knows of their lines, what they lack, and how they are stored."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from transactional.arrays import arrays
from transactional.arrays import insert as insert_arrays
from transactional.db import ReadSession, WriteSession
from transactional.payments.bill_rules import Compared, Ours
from transactional.payments.gateways.interface import Bill
from transactional.payments.models import GatewayBill

KNOWN = text("""
select p.gateway_trade_no as key, 'payment' as kind, p.id, p.id as payment_id, p.order_id, p.amount_fen, p.fee_fen,
    true as ended
from shop.payment as p
where p.method = :method and p.state = 'succeeded' and p.gateway_trade_no = any(cast(:trades as text[]))
union all
select u.gateway_trade_no, 'receipt', u.id, u.payment_id, p.order_id, u.amount_fen, u.fee_fen, true
from shop.unapplied_receipt as u left join shop.payment as p on p.id = u.payment_id
where u.method = :method and u.state <> 'applied' and u.gateway_trade_no = any(cast(:trades as text[]))
union all
select r.out_refund_no, 'payout', r.id, r.payment_id, p.order_id, r.amount_fen, -r.fee_returned_fen,
    r.state = 'succeeded'
from shop.refund_payout as r left join shop.payment as p on p.id = r.payment_id
where r.method = :method and r.out_refund_no = any(cast(:refunds as text[]))
""")
# Payments without a number of ours came with an imported history: this merchant's bills never name them.
MISSING = text("""
select 'payment' as kind, p.out_trade_no as number, p.amount_fen from shop.payment as p
where p.method = :method and p.state = 'succeeded' and p.paid_at >= :since and p.paid_at < :until
    and p.out_trade_no is not null and p.gateway_trade_no <> all(cast(:trades as text[]))
union all
select 'refund', r.out_refund_no, r.amount_fen from shop.refund_payout as r
where r.method = :method and r.state = 'succeeded' and r.paid_out_at >= :since and r.paid_out_at < :until
    and r.out_refund_no <> all(cast(:refunds as text[]))
""")
CORRECT = {
    "payment": text("update shop.payment set fee_fen = fee_fen + :difference where id = :id"),
    "receipt": text("update shop.unapplied_receipt set fee_fen = fee_fen + :difference where id = :id"),
    "payout": text("update shop.refund_payout set fee_returned_fen = fee_returned_fen - :difference where id = :id"),
}
LINE = {
    "bill_id": "bigint",
    "line_no": "bigint",
    "kind": "text",
    "out_trade_no": "text",
    "gateway_trade_no": "text",
    "out_refund_no": "text",
    "amount_fen": "bigint",
    "fee_fen": "bigint",
    "happened_at": "timestamptz",
    "verdict": "text",
    "fee_difference_fen": "bigint",
    "payment_id": "bigint",
    "payout_id": "bigint",
}
INSERT_LINES = text(insert_arrays("gateway_bill_line", LINE))


async def known(session: ReadSession, method: str, trades: Sequence[str], refunds: Sequence[str]) -> dict[str, Ours]:
    """Payments and receipts by the gateway's number, payouts by ours."""
    values = {"method": method, "trades": list(trades), "refunds": list(refunds)}
    return {row.key: _ours(row) for row in await session.execute(KNOWN, values)}


def _ours(row: Any) -> Ours:
    return Ours(row.kind, row.id, row.payment_id, row.order_id, row.amount_fen, row.fee_fen, row.ended)


async def missing(
    session: ReadSession, method: str, since: datetime, until: datetime, trades: Sequence[str], refunds: Sequence[str]
) -> list[tuple[str, str, int]]:
    """(kind, number, fen) of what the shop dates on a bill's day and the bill does not have."""
    values = {"method": method, "since": since, "until": until, "trades": list(trades), "refunds": list(refunds)}
    return [(row.kind, row.number, row.amount_fen) for row in await session.execute(MISSING, values)]


async def is_stored(session: ReadSession, method: str, day: date) -> bool:
    one = select(GatewayBill.id).where(GatewayBill.method == method, GatewayBill.bill_date == day)
    return await session.scalar(one) is not None


async def store(session: WriteSession, method: str, bill: Bill, lines: Sequence[Compared], lacking: int) -> int | None:
    """The bill's row and its lines; the row's id, None when another was faster."""
    row = bill_row(method, bill, lines, lacking)
    once = insert(GatewayBill).values(row).on_conflict_do_nothing(index_elements=["method", "bill_date"])
    bill_id: int | None = await session.scalar(once.returning(GatewayBill.id))
    if bill_id is not None:
        rows = [line_row(bill_id, number, each) for number, each in enumerate(lines, start=1)]
        await session.execute(INSERT_LINES, arrays("gateway_bill_line", LINE, rows))
    return bill_id


def bill_row(method: str, bill: Bill, lines: Sequence[Compared], lacking: int) -> dict[str, object]:
    """A bill by column; `lacking`: how many payments and refunds of ours it does not have."""
    paid = [c.line for c in lines if c.line.kind == "payment"]
    return {
        "method": method,
        "bill_date": bill.day,
        "file_sha256": bill.sha256,
        "line_count": len(lines),
        "paid_fen": sum(line.amount_fen for line in paid),
        "refunded_fen": sum(c.line.amount_fen for c in lines if c.line.kind == "refund"),
        "fee_fen": sum(c.line.fee_fen for c in lines),
        "difference_count": sum(c.is_difference for c in lines) + lacking,
    }


def line_row(bill_id: int, number: int, compared: Compared) -> tuple[object, ...]:
    """A line with its verdict, in the order of LINE."""
    line, ours = compared.line, compared.ours
    what = (line.kind, line.out_trade_no, line.gateway_trade_no, line.out_refund_no, line.amount_fen, line.fee_fen)
    payout = ours.id if ours and ours.kind == "payout" else None
    judged = (compared.verdict, compared.fee_difference_fen, ours.payment_id if ours else None, payout)
    return (bill_id, number, *what, line.happened_at, *judged)


async def correct_fees(session: WriteSession, differences: Mapping[tuple[str, int], int]) -> None:
    """Adds what the bill says more to the fees of payments, receipts and payouts."""
    for (kind, number), difference in differences.items():
        await session.execute(CORRECT[kind], {"id": number, "difference": difference})
