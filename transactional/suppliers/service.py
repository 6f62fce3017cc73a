"""What other slices ask of purchases: have units bought, leave alone what is being bought, say what people delivered.

Light on purpose: orders import it, and the buying itself imports orders.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import text

from transactional.db import ReadSession, WriteSession
from transactional.jobs import defer
from transactional.suppliers.errors import PurchaseOpenError

QUEUE = "purchases"
OBTAIN, SEND, ASK = "suppliers.obtain", "suppliers.send", "suppliers.ask"

OFFERED = text("""
select distinct o.sku_id from shop.offer as o join shop.supply_channel as c on c.id = o.channel_id
where o.sku_id = any(cast(:sku_ids as bigint[])) and o.state = 'active' and c.state = 'active'
    and c.protocol <> 'own_pool'
""")
UNDER_WAY = text("""
select exists (
    select from shop.purchase as p join shop.supply_channel as c on c.id = p.channel_id
    where p.fulfilment_id = any(cast(:fulfilment_ids as bigint[]))
        and p.state in ('created', 'submitted', 'processing', 'unknown') and c.protocol <> 'manual'
)
""")
END_BY_HAND = text("""
update shop.purchase as p set state = :state, ended_at = :at, ask_at = null, cost_fen = coalesce(:cost_fen, cost_fen)
from shop.supply_channel as c
where c.id = p.channel_id and c.protocol = 'manual' and p.state = 'processing'
    and p.fulfilment_id = any(cast(:fulfilment_ids as bigint[]))
returning p.id
""")
NOTE = text("""
insert into shop.purchase_event (purchase_id, kind, from_state, to_state, happened_at)
values (:purchase_id, :kind, 'processing', :state, :at)
""")


async def offered(session: ReadSession, sku_ids: Collection[int]) -> set[int]:
    """Those SKUs that a channel offers now, people's included."""
    return set(await session.scalars(OFFERED, {"sku_ids": list(sku_ids)}))


async def obtain(session: WriteSession, fulfilment_ids: Sequence[int], at: datetime | None = None) -> None:
    """Units of a paid order that wait for a supplier are bought, from now or `at` on, once the transaction commits."""
    for fulfilment_id in fulfilment_ids:
        await defer(session, OBTAIN, {"fulfilment_id": fulfilment_id}, at=at, queue=QUEUE)


async def send(session: WriteSession, purchase_id: int) -> None:
    """A purchase that was claimed is sent to its supplier."""
    await defer(session, SEND, {"purchase_id": purchase_id}, queue=QUEUE)


async def ask(session: WriteSession, purchase_id: int, at: datetime | None = None) -> None:
    """The supplier is asked what became of a purchase, now or at an instant."""
    await defer(session, ASK, {"purchase_id": purchase_id}, at=at, queue=QUEUE)


async def refuse_while_bought(session: WriteSession, fulfilment_ids: Sequence[int]) -> None:
    """Money must not go back, nor people deliver, while a supplier may still deliver and charge.

    The units' orders are locked by the caller. Raises PurchaseOpenError while a purchase of one has no end.
    """
    if await session.scalar(UNDER_WAY, {"fulfilment_ids": list(fulfilment_ids)}):
        raise PurchaseOpenError


async def done_by_hand(session: WriteSession, fulfilment_id: int, cost_fen: int | None, at: datetime) -> None:
    """People delivered a unit: what they were asked to get is there."""
    await _end_by_hand(session, [fulfilment_id], "succeeded", "done_by_hand", cost_fen, at)


async def not_wanted(session: WriteSession, fulfilment_ids: Sequence[int], at: datetime) -> None:
    """The units' money goes back: people need not get them any more."""
    await _end_by_hand(session, fulfilment_ids, "failed", "not_wanted", None, at)


async def _end_by_hand(
    session: WriteSession, fulfilment_ids: Sequence[int], state: str, kind: str, cost_fen: int | None, at: datetime
) -> None:
    values = {"fulfilment_ids": list(fulfilment_ids), "state": state, "at": at, "cost_fen": cost_fen}
    for purchase_id in (await session.scalars(END_BY_HAND, values)).all():
        await session.execute(NOTE, {"purchase_id": purchase_id, "kind": kind, "state": state, "at": at})
