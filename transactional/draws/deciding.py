"""The result: anybody may ask for it, and whoever asks first gets what everybody would get.

The beacon is asked between two transactions: the engine comes in, and every call of this may be repeated.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from transactional.db import WriteSession, reading, writing
from transactional.draws import alarms, leaves, prizes, rounds, rules, stakes, winners
from transactional.draws.beacon import Beacon, Round
from transactional.draws.chains import CHAINS
from transactional.draws.drafts import locked
from transactional.draws.log import service as log
from transactional.draws.models import Draw, DrawReserve, LogLeaf
from transactional.draws.moving import bundle_at, step_at
from transactional.draws.states import DRAW_STATES

JUST_DUE = timedelta(minutes=1)
BETWEEN_ASKS, BETWEEN_LATE_ASKS = timedelta(seconds=1), timedelta(seconds=5)
"""Everybody may ask for a result as often as they like; relays are asked no more often than this, be it just due or
late."""


async def decide(engine: AsyncEngine, beacons: Mapping[str, Beacon], draw_id: int) -> str:
    """The draw's state afterwards: still `committed` while its round is not there, whatever the clock says.

    No other round is ever taken in its place. Raises NotFoundError.
    """
    async with reading(engine) as session:
        draw = await session.get_one(Draw, draw_id)
        if draw.state != "committed" or draw.round_no is None or draw.round_at is None:
            return draw.state
        told = await rounds.known(session, draw.chain_hash, draw.round_no)
        late = clock.now() - draw.round_at
    if told is None and late >= timedelta(0):
        beacon, between = beacons[draw.chain_hash], BETWEEN_ASKS if late <= JUST_DUE else BETWEEN_LATE_ASKS
        ask = partial(beacon.round, draw.round_no)
        in_turn = partial(rounds.asked_in_turn, engine, draw.chain_hash, draw.round_no, ask, between)
        told = await beacon.together(draw.round_no, in_turn)
    if told is None:
        return draw.state
    async with writing(engine) as session:
        return await _decided(session, draw_id, told)


async def _decided(session: WriteSession, draw_id: int, told: Round) -> str:
    row = await locked(session, draw_id, *DRAW_STATES)
    if row.state != "committed" or row.round_no != told.number:
        return row.state
    CHAINS[row.chain_hash].check(told.number, told.signature)
    await rounds.keep(session, row.chain_hash, told)
    commit = (
        await session.scalars(select(LogLeaf.body).where(LogLeaf.draw_id == row.id, LogLeaf.kind == "commit"))
    ).one()
    commit_hash = leaves.leaf_hash(commit)
    seed = rules.seed(commit_hash, bytes.fromhex(row.chain_hash), told.number, told.signature)
    house = await winners.house_entries(session, row.id)
    picked = await asyncio.to_thread(winners.picked, row, seed, house)  # reserves may be many picks away
    at = _result_at(row)
    row.state, row.decided_at = "decided", at
    await session.flush()
    opened = [await prizes.give(session, row, place, index, at) for place, index in enumerate(picked.winners)]
    session.add_all(DrawReserve(draw_id=row.id, place=place, entry_index=i) for place, i in enumerate(picked.reserves))
    body = leaves.result(
        row.public_id, commit_hash, told.number, told.signature, opened, picked.reserves, int(at.timestamp())
    )
    await log.append(session, "result", body, row.id)
    await stakes.earn(session, row, at)
    await alarms.decided(session, row)
    await step_at(session, row.id)
    await bundle_at(session, row.id)
    return row.state


def _result_at(row: Draw) -> datetime:
    """Whole seconds, as the log has them: claim days are counted from what it says."""
    at = clock.now().replace(microsecond=0)
    return max(at, row.round_at) if row.round_at else at
