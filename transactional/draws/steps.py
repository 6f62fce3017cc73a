"""The next step of a draw, whatever it is: every one may be tried at any time, twice, and after a crash anywhere."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import select, text

from mingsuan import clock
from transactional.db import ReadSession, WriteSession, reading, writing
from transactional.draws import alarms, closing, committing, deciding, stakes
from transactional.draws.drafts import locked
from transactional.draws.forfeits import forfeit_due, know_time
from transactional.draws.models import Draw, DrawWinner
from transactional.draws.moving import bundle_at, settle_soon, step_at
from transactional.draws.showing import LATE_AFTER
from transactional.draws.states import DRAW_STATES
from transactional.shop import Shop

WAIT_S, BETWEEN_S = 10.0, 1.0
"""How long a step waits for the log's next batch, or for a round that is just due, and how often it looks."""

DUE = text("""
select id from shop.draw as d
where (state = 'open' and ((capacity > 0 and next_index = capacity) or closes_at <= :at))
    or state = 'closed'
    or (state = 'committed' and round_at <= :at)
    or (settled_at is null and (state in ('void', 'decided') or returned_at is not null))
    or (state = 'decided' and (
        not exists (select from shop.draw_winner as w where w.draw_id = d.id and w.state in ('notified', 'claimed'))
        or exists (select from shop.draw_winner as w where w.draw_id = d.id and w.state = 'notified'
            and w.claim_until < :at)))
order by id
""")


async def due(session: ReadSession, at: datetime) -> list[int]:
    """Draws of which a step is due by the clock."""
    return list(await session.scalars(DUE, {"at": at}))


async def step(shop: Shop, draw_id: int) -> str:
    """Everything that is due for a draw now but for stakes that go back, which are sent on their way; its state
    afterwards. Raises NotFoundError."""
    async with writing(shop.engine) as session:
        state = await closing.close_if_due(session, draw_id, clock.now())
    if state == "closed" and await _committed(shop, draw_id):
        state = "committed"
    if state == "committed":
        state = await _decided(shop, draw_id)
        await _return_late(shop, draw_id)
    await know_time(shop.engine, shop.beacons, draw_id, clock.now())
    async with writing(shop.engine) as session:
        return await _handed_out(session, draw_id, clock.now())


async def _committed(shop: Shop, draw_id: int) -> bool:
    async def commit() -> bool:
        return await committing.commit(shop.engine, shop.beacons, shop.settings.public_dir, draw_id)

    if not await committing.stands_still(shop.engine, draw_id) and await _before_long(commit):
        return True
    async with writing(shop.engine) as session:
        row = await locked(session, draw_id, *DRAW_STATES)
        if row.state == "closed":  # nobody called it off meanwhile
            await alarms.uncommitted(session, row)
    return False


async def _decided(shop: Shop, draw_id: int) -> str:
    async with reading(shop.engine) as session:
        draw = await session.get_one(Draw, draw_id)
    late = clock.now() - draw.round_at if draw.round_at else timedelta(0)
    if late < timedelta(0):
        return "committed"

    async def decide() -> bool:
        return await deciding.decide(shop.engine, shop.beacons, draw_id) != "committed"

    if await (_before_long(decide) if late < deciding.JUST_DUE else decide()):
        return "decided"
    async with writing(shop.engine) as session:
        await alarms.overdue(session, draw)
    return "committed"


async def _before_long(attempt: Callable[[], Awaitable[bool]]) -> bool:
    """Whether it came about within WAIT_S: what follows is the next minute's turn, so that other jobs have theirs."""
    clock_of = asyncio.get_running_loop().time
    ends = clock_of() + WAIT_S
    while not await attempt():
        if clock_of() + BETWEEN_S > ends:
            return False
        await asyncio.sleep(BETWEEN_S)
    return True


async def _return_late(shop: Shop, draw_id: int) -> None:
    async with writing(shop.engine) as session:
        row, at = await locked(session, draw_id, *DRAW_STATES), clock.now()
        if row.state == "committed" and row.round_at is not None and row.round_at + LATE_AFTER <= at:
            await stakes.return_late(session, row, at)


async def settle(shop: Shop, draw_id: int) -> bool:
    """Stakes go back piece by piece, each a transaction: a draw may have a hundred thousand. Whether any were due."""
    reached: int | None = -1
    while reached is not None:
        async with writing(shop.engine) as session:
            row, at = await locked(session, draw_id, *DRAW_STATES), clock.now()
            if not _to_settle(row):
                return False
            reached = await stakes.return_some(session, row, reached, at)
            if reached is None:
                row.settled_at = at
                await step_at(session, row.id)
    return True


def _to_settle(row: Draw) -> bool:
    return row.settled_at is None and stakes.go_back(row)


async def _handed_out(session: WriteSession, draw_id: int, at: datetime) -> str:
    """Prizes that nobody claimed go on; when all are handed over or gone, the draw is finished."""
    row = await locked(session, draw_id, *DRAW_STATES)
    if _to_settle(row):
        await settle_soon(session, row.id)
    if row.state != "decided":
        return row.state
    await forfeit_due(session, row, at)
    waiting = select(DrawWinner.id).where(DrawWinner.draw_id == row.id, DrawWinner.state.in_(("notified", "claimed")))
    if row.settled_at is not None and await session.scalar(waiting.limit(1)) is None:
        row.state = "finished"
        await bundle_at(session, row.id)
    return row.state
