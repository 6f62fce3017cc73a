"""Where stakes go once a draw has ended: back to the wallets, or earned. Until then they are nobody's income.

Every move is a `stake_end` row and a posting, in one transaction; both are refused twice.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from transactional.db import ReadSession, WriteSession
from transactional.draws import chances, leaves
from transactional.draws.log import service as log
from transactional.draws.models import Draw
from transactional.draws.prizes import tell_player
from transactional.ledger import service as ledger
from transactional.ledger.other_rules import draw_decided, stake_returned
from transactional.profile import ShopProfile

AT_ONCE = 500

# In the paid mode a stake is earned whole; in the refundable one, the winning entries' share of a range, rounded down.
EARN = text("""
with won as (
    select entry_id, count(*) as entries from shop.draw_winner
    where draw_id = :draw_id and replaces_id is null group by entry_id
), share as (
    select e.id, case when cast(:whole as boolean) then e.stake_fen else e.stake_fen * won.entries / e.count end as fen
    from shop.draw_entry as e left join won on won.entry_id = e.id
    where e.draw_id = :draw_id and e.stake_fen > 0
), written as (
    insert into shop.stake_end (entry_id, outcome, amount_fen)
    select id, 'income', fen from share where fen > 0 returning amount_fen
)
select coalesce(sum(amount_fen), 0)::bigint from written
""")
STANDING = text("""
select coalesce((select sum(stake_fen) from shop.draw_entry where draw_id = :draw_id), 0)::bigint
    - coalesce((select sum(s.amount_fen) from shop.stake_end as s join shop.draw_entry as e on e.id = s.entry_id
        where e.draw_id = :draw_id), 0)::bigint
""")
# Ranges of which something is to go back: the rest of a stake, and, of a draw that was called off, used chances.
OWED = text("""
select e.id, e.public_id, e.first_index, e.customer_id, e.kind, e.source, e.count as entries,
    e.stake_fen - coalesce((select sum(s.amount_fen) from shop.stake_end as s where s.entry_id = e.id), 0)::bigint
        as left_fen
from shop.draw_entry as e
where e.draw_id = :draw_id and e.first_index > :after and e.customer_id is not null
    and (e.stake_fen > 0 or :with_chances)
order by e.first_index limit :most
""")
END = text("""
insert into shop.stake_end (entry_id, outcome, amount_fen)
select entry_id, 'returned', amount_fen
from unnest(cast(:entry_ids as bigint[]), cast(:amounts as bigint[])) as back (entry_id, amount_fen)
""")
CREDIT = text("""
insert into shop.wallet (customer_id, balance_fen)
select customer_id, sum(amount_fen)
from unnest(cast(:customer_ids as bigint[]), cast(:amounts as bigint[])) as back (customer_id, amount_fen)
group by customer_id order by customer_id
on conflict (customer_id) do update set balance_fen = shop.wallet.balance_fen + excluded.balance_fen
""")


async def earn(session: WriteSession, draw: Draw, at: datetime) -> None:
    """What the shop keeps of a draw that has just been decided; nothing where stakes went back before."""
    if draw.mode == "promotional" or draw.returned_at is not None:
        return
    values = {"draw_id": draw.id, "whole": draw.mode == "paid"}
    amount_fen = int((await session.execute(EARN, values)).scalar_one())
    if amount_fen:
        await ledger.post(session, [draw_decided(draw.id, amount_fen, at)], await _zone(session))


async def return_late(session: WriteSession, draw: Draw, at: datetime) -> None:
    """The result is so late that stakes go back; the draw stands, and the prize is owed when the round is there."""
    amount_fen = await standing(session, draw.id)
    if not amount_fen or draw.returned_at is not None:
        return
    draw.returned_at = at
    await session.flush()
    await log.append(session, "returned", leaves.returned(draw.public_id, amount_fen, int(at.timestamp())), draw.id)


def go_back(draw: Draw) -> bool:
    """Whether whatever of its stakes was not earned goes back now."""
    return draw.state == "void" or draw.returned_at is not None or draw.state in ("decided", "finished")


async def return_some(session: WriteSession, draw: Draw, after: int, at: datetime) -> int | None:
    """Some ranges' money and, of a void draw, chances, after an entry; the range's first reached, None at the end.

    The draw is locked by the caller, and `go_back` holds.
    """
    values = {"draw_id": draw.id, "after": after, "with_chances": draw.state == "void", "most": AT_ONCE}
    rows = (await session.execute(OWED, values)).all()
    await _money_back(session, [row for row in rows if row.left_fen > 0], at)
    if draw.state == "void":
        for row in rows:
            if row.kind == "free":
                await chances.grant(session, row.customer_id, row.source, f"void:{row.public_id}", row.entries)
    kind = "draw_void" if draw.state == "void" else "draw_stake_back"
    told = {row.customer_id for row in rows if row.left_fen > 0 or draw.state == "void"}
    for customer_id in sorted(told):
        await tell_player(session, draw, customer_id, kind)
    return rows[-1].first_index if len(rows) == AT_ONCE else None


async def standing(session: ReadSession, draw_id: int) -> int:
    """What of a draw's stakes is still nobody's, in fen."""
    return int((await session.execute(STANDING, {"draw_id": draw_id})).scalar_one())


async def _money_back(session: WriteSession, rows: Sequence[Any], at: datetime) -> None:
    if not rows:
        return
    amounts = [row.left_fen for row in rows]
    await session.execute(CREDIT, {"customer_ids": [row.customer_id for row in rows], "amounts": amounts})
    await session.execute(END, {"entry_ids": [row.id for row in rows], "amounts": amounts})
    postings = [stake_returned(row.id, row.customer_id, row.left_fen, at) for row in rows]
    await ledger.post(session, postings, await _zone(session))


async def _zone(session: ReadSession) -> ZoneInfo:
    return ZoneInfo((await session.scalars(select(ShopProfile.timezone))).one())
