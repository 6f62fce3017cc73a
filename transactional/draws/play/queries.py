"""What the rules of play need to know, read in as few statements as there are kinds of facts."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.exc import NoResultFound

from transactional.db import ReadSession
from transactional.draws.play.profiles import PROFILES, WINDOWS
from transactional.draws.play.rules import Limit, Place, Player

STAKES = ("stake_day", "stake_week", "stake_month")
PLACE = text("""
select p.currency, p.timezone, switched.profile, switched.mode, switched.is_on
from shop.shop_profile p left join (
    select distinct on (s.profile, s.mode) s.profile, s.mode,
        s.is_on and (s.opinion_id is null or (o.given_on <= :at and o.valid_until > :at)) as is_on
    from shop.mode_switch s left join shop.legal_opinion o on o.id = s.opinion_id
    where s.withdrawn_at is null and (not s.is_on or s.confirmed_at <= :at)
    order by s.profile, s.mode, coalesce(s.confirmed_at, s.created_at) desc, s.id desc
) as switched on true
where p.id = 1
""")
"""An off holds from when it was asked for, an on from when it was confirmed, for as long as its opinion is valid."""
SAME_PERSON = """
person as (
    select id as customer_id, id as as_id from shop.customer where id = any(:ids)
    union
    select mine.customer_id, theirs.customer_id from shop.identity_check mine
    join shop.identity_check theirs on theirs.number_index = mine.number_index and theirs.state = 'verified'
    join shop.customer gone on gone.id = theirs.customer_id and gone.erased_at is not null
    where mine.customer_id = any(:ids) and mine.state = 'verified' and mine.number_index <> ''
)
"""
"""The accounts that these customers have, and erased ones that they had: what they asked of themselves stays."""
PLAYERS = text(f"""
with {SAME_PERSON}
select c.id, c.country,
    exists (select from shop.identity_check i
            where i.customer_id = c.id and i.state = 'verified' and i.is_adult) as is_verified_adult,
    (select max(p.until) from person join shop.play_pause p on p.customer_id = person.as_id
        where person.customer_id = c.id) as paused_until
from shop.customer c where c.id = any(:ids)
""")
PAUSED = text(f"""
with {SAME_PERSON}
select max(p.until) from person join shop.play_pause p on p.customer_id = person.as_id where p.until > :at
""")
LIMITS = text(f"""
with {SAME_PERSON}
select person.customer_id, person.as_id, l.kind, l.amount_fen, l.next_amount_fen, l.next_from,
    case when l.next_from <= now() then l.next_amount_fen else l.amount_fen end as lasting_fen
from person join shop.play_limit l on l.customer_id = person.as_id
order by (person.as_id = person.customer_id) desc, l.id
""")
STAKED = text("""
select e.customer_id,
    sum(e.stake_fen) filter (where e.accepted_second > :day) as stake_day,
    sum(e.stake_fen) filter (where e.accepted_second > :week) as stake_week,
    sum(e.stake_fen) as stake_month
from shop.draw_entry e
join shop.draw d on d.id = e.draw_id and d.state <> 'void'
where e.customer_id = any(:ids) and e.stake_fen > 0 and e.accepted_second > :month
group by e.customer_id
""")
"""Stakes of draws that were called off never were."""
CAME_BACK = text("""
select e.customer_id, sum(b.amount_fen) as amount_fen
from shop.draw_entry e
join shop.draw d on d.id = e.draw_id and d.state <> 'void'
join shop.stake_end b on b.entry_id = e.id and b.outcome in ('returned', 'set_off')
where e.customer_id = any(:ids) and e.stake_fen > 0 and e.accepted_second > :month
group by e.customer_id
""")
"""Of the same stakes: one that is still at risk counts as lost until it is back."""
LOCK = text("select from shop.wallet where customer_id = any(:ids) order by customer_id for update")


async def place(session: ReadSession, at: datetime) -> Place:
    """Raises NoResultFound before the shop has a currency."""
    rows = (await session.execute(PLACE, {"at": at})).all()
    if not rows:
        raise NoResultFound
    switched = {(each.profile, each.mode): each.is_on for each in rows if each.profile is not None}
    return Place(rows[0].currency, ZoneInfo(rows[0].timezone), switched)


async def players(
    session: ReadSession, customer_ids: Iterable[int], at: datetime, *, with_stakes: bool
) -> dict[int, Player]:
    """By customer. What they spent is only read `with_stakes`."""
    ids = sorted(set(customer_ids))
    limits = await limits_of(session, ids)
    for_all = any("loss_month" in profile.ceilings_fen for profile in PROFILES.values())
    losers = [each for each in ids if for_all or "loss_month" in limits.get(each, {})]
    spent = await spent_of(session, ids, at, losers) if with_stakes else {}
    rows = await session.execute(PLAYERS, {"ids": ids})
    return {
        row.id: Player(
            row.country, row.is_verified_adult, row.paused_until, spent.get(row.id, {}), limits.get(row.id, {})
        )
        for row in rows
    }


async def limits_of(session: ReadSession, ids: list[int]) -> dict[int, dict[str, Limit]]:
    """By customer and kind. One that an erased account of theirs had holds until its hash is gone, if it is tighter."""
    found: dict[int, dict[str, Limit]] = {}
    for row in await session.execute(LIMITS, {"ids": ids}):
        limits = found.setdefault(row.customer_id, {})
        if row.as_id == row.customer_id:
            limits[row.kind] = Limit(row.amount_fen, row.next_amount_fen, row.next_from)
        elif row.lasting_fen is not None:
            limits[row.kind] = limits.get(row.kind, Limit(None)).at_most(row.lasting_fen)
    return found


async def paused_until(session: ReadSession, customer_id: int, at: datetime) -> datetime | None:
    """The end of the longest pause that is still on, from whichever account of theirs they asked for it."""
    latest: datetime | None = await session.scalar(PAUSED, {"ids": [customer_id], "at": at})
    return latest


async def spent_of(
    session: ReadSession, ids: list[int], at: datetime, losers: list[int]
) -> dict[int, Mapping[str, int]]:
    """By customer and kind of limit, what was staked within the kind's window; lost, of `losers` only: it is costly."""
    now_s = int(at.timestamp())
    day, week, month = (now_s - int(WINDOWS[f"stake_{name}"].total_seconds()) for name in ("day", "week", "month"))
    staked = await session.execute(STAKED, {"ids": ids, "day": day, "week": week, "month": month})
    spent = {row.customer_id: {kind: int(getattr(row, kind) or 0) for kind in STAKES} for row in staked}
    back = dict.fromkeys(losers, 0)
    if losers:
        rows = await session.execute(CAME_BACK, {"ids": losers, "month": month})
        back |= {row.customer_id: int(row.amount_fen) for row in rows}
    return {
        who: {**kinds, "loss_month": kinds["stake_month"] - back[who]} if who in back else kinds
        for who, kinds in spent.items()
    }


async def lock(session: ReadSession, customer_ids: Iterable[int]) -> None:
    """One after the other may stake, or change limits, for the same customer."""
    await session.execute(LOCK, {"ids": sorted(set(customer_ids))})
