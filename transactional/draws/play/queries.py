"""What the rules of play need to know, read in as few statements as there are kinds of facts."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text

from transactional.db import ReadSession
from transactional.draws.play.profiles import WINDOWS
from transactional.draws.play.rules import Limit, Place, Player

PLACE = text("select currency, timezone from shop.shop_profile where id = 1")
SWITCHED = text("""
select distinct on (s.profile, s.mode) s.profile, s.mode,
    s.is_on and (s.opinion_id is null or (o.given_on <= :at and o.valid_until > :at)) as is_on
from shop.mode_switch s left join shop.legal_opinion o on o.id = s.opinion_id
where s.withdrawn_at is null and (not s.is_on or s.confirmed_at <= :at)
order by s.profile, s.mode, coalesce(s.confirmed_at, s.created_at) desc, s.id desc
""")
"""An off holds from when it was asked for, an on from when it was confirmed, for as long as its opinion is valid."""
PLAYERS = text("""
select c.id, c.country,
    exists (select from shop.identity_check i
            where i.customer_id = c.id and i.state = 'verified' and i.is_adult) as is_verified_adult,
    (select max(p.until) from shop.play_pause p where p.customer_id = c.id) as paused_until
from shop.customer c where c.id = any(:ids)
""")
LIMITS = text("""
select customer_id, kind, amount_fen, next_amount_fen, next_from from shop.play_limit where customer_id = any(:ids)
""")
SPENT = text("""
select e.customer_id,
    sum(e.stake_fen) filter (where e.accepted_second > :day) as stake_day,
    sum(e.stake_fen) filter (where e.accepted_second > :week) as stake_week,
    sum(e.stake_fen) as stake_month,
    sum(e.stake_fen - coalesce(back.amount_fen, 0)) as loss_month
from shop.draw_entry e
join shop.draw d on d.id = e.draw_id and d.state <> 'void'
left join lateral (
    select sum(b.amount_fen) as amount_fen from shop.stake_end b
    where b.entry_id = e.id and b.outcome in ('returned', 'set_off')
) back on true
where e.customer_id = any(:ids) and e.stake_fen > 0 and e.accepted_second > :month
group by e.customer_id
""")
"""Stakes of draws that were voided never were; a stake that is still at risk counts as lost until it is back."""
LOCK = text("select from shop.wallet where customer_id = any(:ids) order by customer_id for update")


async def place(session: ReadSession, at: datetime) -> Place:
    """Raises NoResultFound before the shop has a currency."""
    row = (await session.execute(PLACE)).one()
    rows = await session.execute(SWITCHED, {"at": at})
    return Place(row.currency, ZoneInfo(row.timezone), {(each.profile, each.mode): each.is_on for each in rows})


async def players(
    session: ReadSession, customer_ids: Iterable[int], at: datetime, *, with_stakes: bool
) -> dict[int, Player]:
    """By customer. What they spent is only read `with_stakes`."""
    ids = sorted(set(customer_ids))
    limits = await limits_of(session, ids)
    spent = await spent_of(session, ids, at) if with_stakes else {}
    rows = await session.execute(PLAYERS, {"ids": ids})
    return {
        row.id: Player(
            row.country, row.is_verified_adult, row.paused_until, spent.get(row.id, {}), limits.get(row.id, {})
        )
        for row in rows
    }


async def limits_of(session: ReadSession, ids: list[int]) -> dict[int, dict[str, Limit]]:
    """By customer and kind."""
    found: dict[int, dict[str, Limit]] = {}
    for row in await session.execute(LIMITS, {"ids": ids}):
        found.setdefault(row.customer_id, {})[row.kind] = Limit(row.amount_fen, row.next_amount_fen, row.next_from)
    return found


async def spent_of(session: ReadSession, ids: list[int], at: datetime) -> dict[int, Mapping[str, int]]:
    """By customer and kind of limit, what was staked or lost within the kind's window."""
    now_s = int(at.timestamp())
    since = {kind.removeprefix("stake_"): now_s - int(window.total_seconds()) for kind, window in WINDOWS.items()}
    rows = await session.execute(
        SPENT, {"ids": ids, "day": since["day"], "week": since["week"], "month": since["month"]}
    )
    return {row.customer_id: {kind: int(getattr(row, kind) or 0) for kind in WINDOWS} for row in rows}


async def lock(session: ReadSession, customer_ids: Iterable[int]) -> None:
    """One after the other may stake, or change limits, for the same customer."""
    await session.execute(LOCK, {"ids": sorted(set(customer_ids))})
