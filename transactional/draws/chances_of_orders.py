"""Chances that delivered orders earn, read from what happened to orders: buying itself knows nothing of it.

Only money counts that was paid for goods handed over and did not come back: a refund takes unused chances back.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from transactional.db import WriteSession
from transactional.draws import chance_rules
from transactional.draws.models import DrawChance

KEPT = """(
    select coalesce(sum(unit.gross_fen - unit.discount_fen - (
        select coalesce(sum(refund.amount_fen), 0) from shop.refund
        where refund.fulfilment_id = unit.id and refund.state in ('pending', 'succeeded')
    )), 0)::bigint
    from shop.order_item as item join shop.fulfilment as unit on unit.order_item_id = item.id
    where item.order_id = orders.id and unit.state = 'delivered'
)"""
"""Of one of `shop.orders`: what was paid for units that were handed over and are not on their way back."""
AT_ONCE = 500
START = text("""
insert into shop.chance_reading (id, reached_xid, reached_id)
select 1, pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1, 9223372036854775807 on conflict do nothing
""")
"""Orders from now on: those before there were draws earn nothing."""
REACHED = text("""
select case when reached_xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint then reached_xid else 0 end as xid,
    case when reached_xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint then reached_id else 0 end as id
from shop.chance_reading for update
""")
"""In a restored database, whose transactions count anew, all is read again; nothing is granted twice."""
EVENTS = text(f"""
select event.row_xid, event.id, event.order_id
from shop.order_event as event join shop.orders on orders.id = event.order_id
where (event.row_xid, event.id) > (cast(:xid as bigint), cast(:id as bigint))
    and event.row_xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    and event.kind in ('delivered', 'completed', 'partially_delivered', 'refund_pending', 'refunded')
    and orders.delivered_at is not null and orders.source is null
order by event.row_xid, event.id limit {AT_ONCE}
""")
MOVE = text("update shop.chance_reading set reached_xid = :xid, reached_id = :id")
STANDS = text(f"""
select orders.id, orders.customer_id, orders.delivered_at, {KEPT} as kept_fen
from shop.orders where orders.id = any(cast(:order as bigint[])) order by orders.id
""")
# What was used stays used. A row that earned nothing after all ends at once, and is whole again if the refund fails.
CORRECT = text("""
update shop.draw_chance as chance
set granted = greatest(chance.used, now.earned, 1),
    expires_at = case when now.earned > 0 then now.expires_at else least(chance.expires_at, :at) end
from unnest(
    cast(:reference as text[]), cast(:earned as bigint[]), cast(:expires_at as timestamptz[])
) as now (reference, earned, expires_at)
where chance.reference = now.reference
""")
UNINVITE = text(f"""
update shop.draw_chance as chance set expires_at = :at
from unnest(cast(:reference as text[]), cast(:customer as bigint[])) as invited (reference, customer_id)
where chance.reference = invited.reference and chance.used < chance.granted and chance.expires_at > :at
    and not exists (
        select from shop.orders where orders.customer_id = invited.customer_id and {KEPT} >= :least_fen
    )
""")


async def read_on(session: WriteSession, every_fen: int, at: datetime) -> int:
    """Give what the next events earned, one chance for each full `every_fen` of an order, and take back what refunds
    undid; how many events there were.

    A transaction still under way is waited for by the next run, so that no event is passed over.
    """
    await session.execute(START)
    reached = (await session.execute(REACHED)).one()
    events = (await session.execute(EVENTS, {"xid": reached.xid, "id": reached.id})).all()
    if not events:
        return 0
    stands = (await session.execute(STANDS, {"order": sorted({event.order_id for event in events})})).all()
    rows = [_row(order, every_fen) for order in stands]
    await _correct(session, rows, at)
    await _uninvite(session, {order.customer_id for order in stands}, every_fen, at)
    earned = [row for row in rows if row["granted"] and row["expires_at"] > at]
    if earned:
        await session.execute(insert(DrawChance).on_conflict_do_nothing(index_elements=["reference"]), earned)
    await session.execute(MOVE, {"xid": events[-1].row_xid, "id": events[-1].id})
    return len(events)


async def _correct(session: WriteSession, rows: Sequence[dict[str, Any]], at: datetime) -> None:
    values = {
        "reference": [row["reference"] for row in rows],
        "earned": [row["granted"] for row in rows],
        "expires_at": [row["expires_at"] for row in rows],
    }
    await session.execute(CORRECT, {**values, "at": at})


async def _uninvite(session: WriteSession, customers: Collection[int], every_fen: int, at: datetime) -> None:
    """Takes back what their inviters did not use, from those of them of whose money too little is left."""
    ids = sorted(customers)
    values = {"reference": [chance_rules.invitation_reference(each) for each in ids], "customer": ids}
    await session.execute(UNINVITE, {**values, "least_fen": chance_rules.invited_fen(every_fen), "at": at})


def _row(order: Any, every_fen: int) -> dict[str, Any]:
    return {
        "customer_id": order.customer_id,
        "source": "order",
        "reference": chance_rules.order_reference(order.id),
        "granted": chance_rules.of_order(order.kept_fen, every_fen),
        "expires_at": order.delivered_at + chance_rules.EARNED_VALID,
    }
