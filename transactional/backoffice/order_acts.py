"""What staff do to one order. Each act locks the order, refuses a form that is out of date, and leaves its record.

The caller's transaction makes it happen once; refusals are raised and change nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from mingsuan import clock
from transactional.accounts.service import record_act
from transactional.backoffice import trace_queries
from transactional.backoffice.errors import OrderChangedError
from transactional.backoffice.once_at_desk import Done
from transactional.cards import defects
from transactional.cards.defects import BadCode
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError
from transactional.orders import by_hand, fulfilment
from transactional.orders.due import lock_due
from transactional.payments import service as payments
from transactional.payments.schemas import NewRefund
from transactional.shop import Shop

UNITS = text("""
select f.public_id as id, i.line_no, f.unit_no, f.quantity, f.state, f.waits_for, f.delivered_at, p.kind,
    p.title_zh, p.title_en, s.name_zh, s.name_en, f.gross_fen - f.discount_fen as net_fen,
    coalesce((select sum(r.amount_fen) from shop.refund as r where r.fulfilment_id = f.id and r.state = 'succeeded'), 0)
        ::bigint as refunded_fen,
    coalesce((select sum(r.amount_fen) from shop.refund as r where r.fulfilment_id = f.id and r.state = 'pending'), 0)
        ::bigint as refunding_fen,
    card.id is not null and card.ciphertext is not null as has_code
from shop.order_item as i join shop.fulfilment as f on f.order_item_id = i.id
join shop.orders as o on o.id = i.order_id
join shop.sku as s on s.id = i.sku_id join shop.product as p on p.id = s.product_id
left join shop.card on card.delivered_fulfilment_id = f.id
where o.order_no = :order_no order by i.line_no, f.unit_no
""")
POSTED_HERE = text("""
select t.event, a.name_zh, a.name_en, e.amount_fen from shop.ledger_transaction as t
join shop.ledger_entry as e on e.transaction_id = t.id join shop.ledger_account as a on a.code = e.account
where t.row_xid = (pg_current_xact_id()::text)::bigint order by t.id, e.id
""")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a refund would post and where its money would go; nothing of it has happened."""

    total_fen: int
    ways: tuple[tuple[str, int], ...]
    entries: tuple[Any, ...]


async def units(session: ReadSession, order_no: str) -> Sequence[Any]:
    """Units with what is left of them to refund, and whether there is a code to replace."""
    return (await session.execute(UNITS, {"order_no": order_no})).all()


async def locked(session: WriteSession, order_no: str, seen: str) -> None:
    """The order, as the form showed it. Raises NotFoundError, OrderChangedError."""
    await lock_due(session, order_no, None)
    if await trace_queries.situation(session, order_no) != seen:
        raise OrderChangedError


async def refund(session: WriteSession, shop: Shop, order_no: str, new: NewRefund, seen: str, staff_id: int) -> Done:
    """Units of this order, whole or in part. Raises what `payments.service.refund` raises."""
    await locked(session, order_no, seen)
    own = {unit.id for unit in await units(session, order_no)}
    if any(part.fulfilment_id not in own for part in new.parts):
        raise NotFoundError
    made = await payments.refund(session, new, staff_id, clock.now(), shop.zone)
    return Done(said="refunded", count=sum(payout.amount_fen for payout in made.items))


async def preview(
    session: WriteSession, shop: Shop, order_no: str, new: NewRefund, seen: str, staff_id: int
) -> Preview:
    """Does it all in a transaction that the caller must give up, and tells what it did."""
    await locked(session, order_no, seen)
    made = await payments.refund(session, new, staff_id, clock.now(), shop.zone)
    entries = (await session.execute(POSTED_HERE)).all()
    ways = tuple((payout.method, payout.amount_fen) for payout in made.items)
    return Preview(sum(fen for _, fen in ways), ways, tuple(entries))


async def cancel(session: WriteSession, order_no: str, seen: str, staff_id: int, reason: str) -> Done:
    """Raises OrderMovedOnError when it is paid."""
    await locked(session, order_no, seen)
    await fulfilment.cancel(session, order_no, None)
    await record_act(session, staff_id, "cancel_order", f"order:{order_no}", reason=reason)
    return Done(said="cancelled")


async def complete(session: WriteSession, order_no: str, seen: str, staff_id: int, reason: str) -> Done:
    """Raises OrderMovedOnError when it is not delivered."""
    await locked(session, order_no, seen)
    await fulfilment.complete(session, order_no, None)
    await record_act(session, staff_id, "complete_order", f"order:{order_no}", reason=reason)
    return Done(said="completed")


async def redeliver(session: WriteSession, shop: Shop, order_no: str, seen: str, staff_id: int, reason: str) -> Done:
    """Raises OrderMovedOnError when nothing of it waits for stock."""
    await locked(session, order_no, seen)
    given, left = await fulfilment.redeliver(session, order_no, shop.zone)
    detail = {"given": given, "left": left}
    await record_act(session, staff_id, "redeliver_order", f"order:{order_no}", reason=reason, detail=detail)
    return Done(said="redelivered" if given else "nothing_free", count=given)


async def deliver(
    session: WriteSession,
    shop: Shop,
    order_no: str,
    unit: UUID,
    content: str,
    cost_fen: int | None,
    seen: str,
    staff_id: int,
) -> Done:
    """Content for a unit that waits. Raises NotFoundError, UnitNotWaitingError."""
    await locked(session, order_no, seen)
    await _own(session, order_no, unit)
    await by_hand.deliver(session, shop.vault, unit, content, cost_fen, staff_id, shop.zone)
    return Done(said="delivered")


async def replace(
    session: WriteSession, shop: Shop, order_no: str, unit: UUID, seen: str, staff_id: int, reason: str
) -> Done:
    """The unit's code is bad: the customer gets another. Raises NoReplacementError while none is free."""
    await locked(session, order_no, seen)
    await _own(session, order_no, unit)
    await defects.report_defect(session, BadCode(None, unit), reason, staff_id, shop.zone)
    return Done(said="replaced")


async def _own(session: ReadSession, order_no: str, unit: UUID) -> None:
    if unit not in {each.id for each in await units(session, order_no)}:
        raise NotFoundError


def done_texts(_: Any) -> Mapping[str, str]:
    """What each act says when it is done."""
    return {
        "refunded": _("The refund is granted; where it stands is on the line of time."),
        "cancelled": _("The order is cancelled; its units are free again."),
        "completed": _("The order is complete."),
        "redelivered": _("What was free has been delivered."),
        "nothing_free": _("Nothing is free yet: nothing was delivered."),
        "delivered": _("Delivered; only the customer can open it."),
        "replaced": _("The customer has another code; the bad one is charged to its batch."),
    }
