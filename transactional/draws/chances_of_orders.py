"""Chances that delivered orders earn, read from what happened to orders: buying itself knows nothing of it.

What is left of an order's chances ends when it is refunded.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from transactional.db import WriteSession
from transactional.draws import chance_rules
from transactional.draws.models import DrawChance

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
select event.row_xid, event.id, event.kind, orders.id as order_id, orders.customer_id, orders.net_fen,
    orders.delivered_at
from shop.order_event as event join shop.orders on orders.id = event.order_id
where (event.row_xid, event.id) > (cast(:xid as bigint), cast(:id as bigint))
    and event.row_xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    and (event.kind = 'delivered' and orders.delivered_at is not null or event.kind = 'refunded')
    and orders.source is null
order by event.row_xid, event.id limit {AT_ONCE}
""")
MOVE = text("update shop.chance_reading set reached_xid = :xid, reached_id = :id")
END = text("""
update shop.draw_chance set expires_at = :at
where reference = any(cast(:reference as text[])) and used < granted and (expires_at is null or expires_at > :at)
""")


async def read_on(session: WriteSession, every_fen: int, at: datetime) -> int:
    """Give what the next events earned, one chance for each full `every_fen` of an order; how many events there were.

    A transaction still under way is waited for by the next run, so that no event is passed over.
    """
    await session.execute(START)
    reached = (await session.execute(REACHED)).one()
    events = (await session.execute(EVENTS, {"xid": reached.xid, "id": reached.id})).all()
    if not events:
        return 0
    await _grant(session, [event for event in events if event.kind == "delivered"], every_fen, at)
    refunded = [chance_rules.order_reference(event.order_id) for event in events if event.kind == "refunded"]
    if refunded:
        await session.execute(END, {"reference": refunded, "at": at})
    await session.execute(MOVE, {"xid": events[-1].row_xid, "id": events[-1].id})
    return len(events)


async def _grant(session: WriteSession, delivered: Sequence[Any], every_fen: int, at: datetime) -> None:
    earned = [
        row for row in (_row(event, every_fen) for event in delivered) if row["granted"] and row["expires_at"] > at
    ]
    if earned:
        await session.execute(insert(DrawChance).on_conflict_do_nothing(index_elements=["reference"]), earned)


def _row(event: Any, every_fen: int) -> dict[str, Any]:
    return {
        "customer_id": event.customer_id,
        "source": "order",
        "reference": chance_rules.order_reference(event.order_id),
        "granted": chance_rules.of_order(event.net_fen, every_fen),
        "expires_at": event.delivered_at + chance_rules.EARNED_VALID,
    }
