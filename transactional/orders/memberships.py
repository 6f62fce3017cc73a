"""Memberships: activated when handed over, earned day by day, ended when refunded."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from mingsuan.clock import business_date, start_of
from transactional.db import WriteSession
from transactional.ledger import service as ledger
from transactional.ledger.other_rules import membership_released
from transactional.orders.fulfilment_queries import Unit
from transactional.orders.membership_rules import releases
from transactional.orders.models import MembershipPeriod

BATCH = 200

# One activation of a customer at a time: side by side, each would begin where the other does.
LOCK = text("select pg_advisory_xact_lock(hashtextextended('mingsuan.membership', :customer_id))")

# A membership bought again begins when the one before ends.
LATEST_END = text("""
select max(m.starts_at + m.days * interval '1 day')
from shop.membership_period as m
join shop.fulfilment as f on f.id = m.fulfilment_id
join shop.order_item as i on i.id = f.order_item_id
where m.customer_id = :customer_id and i.sku_id = :sku_id and m.ended_at is null
""")

DUE = """
select m.id, m.customer_id, m.starts_at, m.days, m.net_fen, m.released_fen, f.order_item_id
from shop.membership_period as m join shop.fulfilment as f on f.id = m.fulfilment_id
where {condition}
order by m.id limit :limit for update of m
"""
# Something is due when the share of the days that are over exceeds what was released; dates are the shop's.
DUE_ANY = text(
    DUE.format(
        condition="""m.ended_at is null and f.state = 'delivered' and m.released_fen < m.net_fen and m.id > :after
    and m.net_fen * least(
        cast(:today as date) - cast(m.starts_at at time zone :zone as date), m.days
    ) / m.days > m.released_fen"""
    )
)
DUE_OF = text(DUE.format(condition="m.ended_at is null and m.fulfilment_id = any(cast(:fulfilment_ids as bigint[]))"))

RELEASED = text("update shop.membership_period set released_fen = :released_fen where id = :id")
UNEARNED = text("""
select fulfilment_id, net_fen - released_fen as unearned_fen from shop.membership_period
where fulfilment_id = any(cast(:fulfilment_ids as bigint[])) and ended_at is null
""")
SHRINK = text("""
update shop.membership_period set net_fen = net_fen - :amount_fen
where fulfilment_id = :fulfilment_id and net_fen - :amount_fen >= released_fen returning id
""")
END = text("""
update shop.membership_period set ended_at = :at
where fulfilment_id = any(cast(:fulfilment_ids as bigint[])) and ended_at is null
""")


async def activate(session: WriteSession, units: Sequence[Unit], at: datetime) -> None:
    """A period for each unit, one after the other; nothing is earned on the day itself.

    Raises ValueError for a SKU without a duration, which is never offered.
    """
    for customer_id in sorted({unit.customer_id for unit in units}):
        await session.execute(LOCK, {"customer_id": customer_id})
    for unit in units:
        if unit.duration_days is None:
            raise ValueError(f"SKU {unit.sku_id} is a membership without a duration")
        values = {"customer_id": unit.customer_id, "sku_id": unit.sku_id}
        latest: datetime | None = await session.scalar(LATEST_END, values)
        session.add(
            MembershipPeriod(
                fulfilment_id=unit.fulfilment_id,
                customer_id=unit.customer_id,
                starts_at=max(latest or at, at),
                days=unit.duration_days,
                net_fen=unit.net_fen,
            )
        )
        await session.flush()


async def release_due(session: WriteSession, at: datetime, zone: ZoneInfo, after: int = 0) -> int | None:
    """Posts what the days before today's have earned, for up to BATCH periods with a key above `after`.

    Answers the last key, None when nothing was due. Done twice, it does nothing the second time.
    """
    values = {"today": business_date(at, zone), "zone": zone.key, "after": after, "limit": BATCH}
    periods = (await session.execute(DUE_ANY, values)).all()
    await _release(session, periods, at, zone)
    return periods[-1].id if periods else None


async def release_of(session: WriteSession, fulfilment_ids: Sequence[int], at: datetime, zone: ZoneInfo) -> None:
    """The same for the memberships of these fulfilments: before they are refunded."""
    values = {"fulfilment_ids": list(fulfilment_ids), "limit": len(fulfilment_ids)}
    await _release(session, (await session.execute(DUE_OF, values)).all(), at, zone)


async def unearned_fen(session: WriteSession, fulfilment_ids: Sequence[int]) -> dict[int, int]:
    """By fulfilment with a period that runs: what of its price is not yet earned."""
    rows = await session.execute(UNEARNED, {"fulfilment_ids": list(fulfilment_ids)})
    return {row.fulfilment_id: row.unearned_fen for row in rows}


async def shrink(session: WriteSession, fulfilment_id: int, amount_fen: int) -> None:
    """A refund took so much of what was not yet earned. Raises ValueError when that is more than there is."""
    values = {"fulfilment_id": fulfilment_id, "amount_fen": amount_fen}
    if (await session.execute(SHRINK, values)).one_or_none() is None:
        raise ValueError(f"less than {amount_fen} fen of membership {fulfilment_id} is unearned")


async def end(session: WriteSession, fulfilment_ids: Sequence[int], at: datetime) -> None:
    """Wholly refunded: it ends now."""
    await session.execute(END, {"fulfilment_ids": list(fulfilment_ids), "at": at})


async def _release(session: WriteSession, periods: Sequence[Any], at: datetime, zone: ZoneInfo) -> None:
    today = business_date(at, zone)
    postings = []
    for period in periods:
        released = period.released_fen
        days = releases(period.net_fen, period.days, released, business_date(period.starts_at, zone), today)
        for day, amount in days:
            end_of_day = start_of(day + timedelta(days=1), zone) - timedelta(microseconds=1)
            about = (period.customer_id, period.order_item_id)
            postings.append(membership_released(period.id, released, amount, *about, end_of_day))
            released += amount
        await session.execute(RELEASED, {"id": period.id, "released_fen": released})
    await ledger.post(session, postings, zone)
