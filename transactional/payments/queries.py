"""SQL of payments: rows locked for a decision, sums under the lock, work that is due, lists for the desk."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, text, true

from transactional.db import ReadSession, WriteSession
from transactional.payments.models import Chargeback, Payment, ProfitShare, Refund, RefundPayout, UnappliedReceipt
from transactional.payments.rules import OPEN_STATES

DEBIT_WALLET = text("""
update shop.wallet set balance_fen = balance_fen - :amount_fen
where customer_id = :customer_id and balance_fen >= :amount_fen returning balance_fen
""")
CREDIT_WALLET = text("""
insert into shop.wallet (customer_id, balance_fen) values (:customer_id, :amount_fen)
on conflict (customer_id) do update set balance_fen = shop.wallet.balance_fen + excluded.balance_fen
""")
TAKE_FROM_WALLET = text("""
with before as (select customer_id, balance_fen from shop.wallet where customer_id = :customer_id for update)
update shop.wallet as w set balance_fen = greatest(w.balance_fen - :amount_fen, 0)
from before where before.customer_id = w.customer_id returning before.balance_fen - w.balance_fen
""")
BALANCE = text("select balance_fen from shop.wallet where customer_id = :customer_id")

# Moved on, so that the next round does not defer the same work again while the queue is behind.
OVERDUE = {
    table: text(f"""
update shop.{table} set ask_at = cast(:at as timestamptz) + interval '2 minutes'
where id in (
    select id from shop.{table} where ask_at <= cast(:at as timestamptz) - interval '10 seconds'
        and state in ('created', '{second}') order by ask_at limit 500 for update skip locked
) returning id
""")
    for table, second in (("payment", "pending"), ("refund_payout", "processing"), ("profit_share", "processing"))
}

PAYMENT_VIEW = """
select p.public_id as id, o.order_no, t.public_id as top_up_id, p.method, p.way,
    p.state, p.amount_fen, p.fee_fen, p.paid_at, p.expires_at,
    p.created_at, p.pay_link, p.out_trade_no, p.gateway_trade_no, p.shares_profit, o.state as order_state,
    coalesce((
        select sum(r.amount_fen) from shop.refund_payout as r
        where r.payment_id = p.id and r.state <> 'failed'
            and not exists (select from shop.unapplied_receipt as u where u.payout_id = r.id)
    ), 0)::bigint as refunded_fen
from shop.payment as p left join shop.orders as o on o.id = p.order_id left join shop.top_up as t on t.id = p.top_up_id
"""
PAYMENT = text(f"{PAYMENT_VIEW} where p.public_id = :id and o.customer_id = :customer_id")
PAYMENTS = text(f"""{PAYMENT_VIEW}
where (cast(:state as text) is null or p.state = :state) and (cast(:method as text) is null or p.method = :method)
    and (cast(:order_no as text) is null or o.order_no = :order_no)
order by p.id desc limit :limit offset :offset
""")
PAYMENTS_OF_ORDER = text(f"""{PAYMENT_VIEW}
where o.order_no = :order_no and (o.customer_id = :customer_id or :customer_id is null) order by p.id desc
""")
PAYMENTS_OF_TOP_UP = text(f"""{PAYMENT_VIEW}
where t.public_id = :top_up_id and t.customer_id = :customer_id order by p.id desc
""")
PAYOUT_VIEW = """
select r.public_id as id, p.public_id as payment_id, o.order_no, r.method, r.state, r.amount_fen, r.fee_returned_fen,
    r.out_refund_no, r.gateway_refund_no, r.requested_at, r.paid_out_at
from shop.refund_payout as r left join shop.payment as p on p.id = r.payment_id
left join shop.orders as o on o.id = p.order_id
"""
PAYOUTS = text(f"""{PAYOUT_VIEW}
where (cast(:state as text) is null or r.state = :state) and (cast(:order_no as text) is null or o.order_no = :order_no)
order by r.id desc limit :limit offset :offset
""")
PAYOUTS_BY_ID = text(f"{PAYOUT_VIEW} where r.id = any(cast(:ids as bigint[])) order by r.id")
CASES = text("""
select c.public_id as id, c.kind, c.subject, c.state, c.amount_fen, c.detail, c.opened_at, c.resolved_at, c.resolution
from shop.review_case as c
where (cast(:state as text) is null or c.state = :state) and (cast(:kind as text) is null or c.kind = :kind)
order by c.opened_at desc, c.id desc limit :limit offset :offset
""")
UNIT_IDS = text("select public_id, id from shop.fulfilment where public_id = any(cast(:named as uuid[]))")
UNITS = text("""
select f.id, f.public_id, f.order_item_id, f.gross_fen - f.discount_fen as net_fen, f.state,
    f.delivered_at is not null as delivered, f.state = 'waiting' and p.kind <> 'membership' as is_deliverable,
    coalesce((select sum(r.amount_fen) from shop.refund as r where r.fulfilment_id = f.id and r.state <> 'failed'), 0)
        ::bigint as refunded_fen
from shop.fulfilment as f
join shop.order_item as i on i.id = f.order_item_id
join shop.sku as s on s.id = i.sku_id
join shop.product as p on p.id = s.product_id
where i.order_id = :order_id order by f.id
""")


async def locked(session: WriteSession, row: type[Any], number: int) -> Any:
    """A row of this slice by its key, locked, as it is now. Raises LookupError.

    Others may still point to it meanwhile: who holds a wallet and writes down which payment its money goes back to
    would otherwise wait in a circle with who holds the payment and wants the wallet.
    """
    found = await session.scalar(fresh(select(row).where(row.id == number)).with_for_update(key_share=True))
    if found is None:
        raise LookupError(f"no {row.__tablename__} {number}")
    return found


def fresh(statement: Select[Any]) -> Select[Any]:
    """Reads the row again, though the session knows an older one."""
    return statement.execution_options(populate_existing=True)


async def payment_of(session: ReadSession, method: str, out_trade_no: str) -> Payment | None:
    """Not locked: its order is locked first."""
    one = select(Payment).where(Payment.method == method, Payment.out_trade_no == out_trade_no)
    found: Payment | None = await session.scalar(one)
    return found


async def payment_named(session: ReadSession, public_id: UUID) -> Payment | None:
    found: Payment | None = await session.scalar(select(Payment).where(Payment.public_id == public_id))
    return found


async def success_of(session: ReadSession, order_id: int | None, top_up_id: int | None = None) -> int | None:
    """The payment that paid an order, or a top-up."""
    one = select(Payment.id).where(_is_for(order_id, top_up_id), Payment.state == "succeeded")
    found: int | None = await session.scalar(one)
    return found


async def open_payments(session: ReadSession, order_id: int | None, top_up_id: int | None = None) -> Sequence[Payment]:
    """The attempts to pay an order, or a top-up, that have not ended."""
    mine = select(Payment).where(_is_for(order_id, top_up_id), Payment.state.in_(OPEN_STATES))
    return (await session.scalars(mine.order_by(Payment.id))).all()


def _is_for(order_id: int | None, top_up_id: int | None) -> ColumnElement[bool]:
    return Payment.top_up_id == top_up_id if order_id is None else Payment.order_id == order_id


async def receipt_of_trade(session: ReadSession, method: str, gateway_trade_no: str) -> UnappliedReceipt | None:
    one = select(UnappliedReceipt).where(
        UnappliedReceipt.method == method, UnappliedReceipt.gateway_trade_no == gateway_trade_no
    )
    found: UnappliedReceipt | None = await session.scalar(one)
    return found


async def receipt_of_payout(session: ReadSession, payout_id: int) -> UnappliedReceipt | None:
    one = select(UnappliedReceipt).where(UnappliedReceipt.payout_id == payout_id)
    found: UnappliedReceipt | None = await session.scalar(one)
    return found


async def payout_of(session: ReadSession, method: str, out_refund_no: str) -> RefundPayout | None:
    one = select(RefundPayout).where(RefundPayout.method == method, RefundPayout.out_refund_no == out_refund_no)
    found: RefundPayout | None = await session.scalar(one)
    return found


async def paid_back_fen(session: ReadSession, payment_id: int) -> int:
    """Fen that went back or are to go back of a payment; meaningful while the payment is locked.

    What was refunded into the wallet and left it by a withdrawal counts once.
    """
    of_receipts = select(UnappliedReceipt.payout_id).where(UnappliedReceipt.payout_id.is_not(None))
    mine = select(func.coalesce(func.sum(RefundPayout.amount_fen), 0)).where(
        RefundPayout.payment_id == payment_id,
        RefundPayout.state != "failed",
        RefundPayout.id.not_in(of_receipts),
        RefundPayout.withdrawal_id.is_(None),
    )
    return await session.scalar(mine) or 0


async def withdrawn_fen(session: ReadSession, payment_id: int) -> int:
    """Fen of a payment that withdrawals sent back or are to send back."""
    mine = select(func.coalesce(func.sum(RefundPayout.amount_fen), 0)).where(
        RefundPayout.payment_id == payment_id, RefundPayout.state != "failed", RefundPayout.withdrawal_id.is_not(None)
    )
    return await session.scalar(mine) or 0


async def unit_ids(session: ReadSession, named: Sequence[UUID]) -> dict[UUID, int]:
    """Fulfilments by their public names; unknown ones are missing."""
    rows = await session.execute(UNIT_IDS, {"named": list(named)})
    return {row.public_id: row.id for row in rows}


async def charged_back_fen(session: ReadSession, payment_id: int) -> int:
    """Fen of a payment that its gateway took back."""
    mine = select(func.coalesce(func.sum(Chargeback.amount_fen), 0)).where(Chargeback.payment_id == payment_id)
    return await session.scalar(mine) or 0


async def refunded_by_unit(session: ReadSession, fulfilments: Sequence[int]) -> dict[int, int]:
    """Fen refunded or to be refunded, by fulfilment."""
    sums = select(Refund.fulfilment_id, func.sum(Refund.amount_fen)).group_by(Refund.fulfilment_id)
    rows = await session.execute(sums.where(Refund.fulfilment_id.in_(fulfilments), Refund.state != "failed"))
    return {unit: int(amount) for unit, amount in rows}


async def refunds_of(session: ReadSession, payout_id: int) -> Sequence[Refund]:
    return (await session.scalars(select(Refund).where(Refund.payout_id == payout_id).order_by(Refund.id))).all()


async def last_sent(session: ReadSession, payment_id: int, but: int) -> datetime | None:
    """When another payout of this payment was last sent to the gateway, as far as `external_call` knows."""
    others = (
        "select max(c.started_at) from shop.external_call as c join shop.refund_payout as r"
        " on c.reference = r.out_refund_no where c.operation = 'refund' and r.payment_id = :payment_id and r.id <> :but"
    )
    found: datetime | None = await session.scalar(text(others), {"payment_id": payment_id, "but": but})
    return found


async def shares_of(session: ReadSession, payment_id: int, *, lock: bool = False) -> Sequence[ProfitShare]:
    mine = fresh(select(ProfitShare).where(ProfitShare.payment_id == payment_id).order_by(ProfitShare.id))
    return (await session.scalars(mine.with_for_update() if lock else mine)).all()


async def overdue(session: WriteSession, table: str, at: datetime) -> list[int]:
    """Rows whose turn to be asked about has passed unseen: a job was lost."""
    return list(await session.scalars(OVERDUE[table], {"at": at}))


async def receipts(session: ReadSession, state: str | None, limit: int, offset: int) -> Sequence[UnappliedReceipt]:
    some = UnappliedReceipt.state == state if state else true()
    page = select(UnappliedReceipt).where(some).order_by(UnappliedReceipt.id.desc()).limit(limit).offset(offset)
    return (await session.scalars(page)).all()
