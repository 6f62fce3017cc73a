"""Rounds that were fetched and verified here, kept for all who ask again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import and_, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from transactional import calls
from transactional.calls import ExternalCall
from transactional.db import ReadSession, WriteSession, writing
from transactional.draws.beacon import Round
from transactional.draws.models import BeaconRound, Draw

ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended(:reference, 0))")


async def known(session: ReadSession, chain_hash: str, number: int) -> Round | None:
    """A round that was verified before."""
    found = select(BeaconRound).where(BeaconRound.chain_hash == chain_hash, BeaconRound.round_no == number)
    row = await session.scalar(found)
    return Round(row.round_no, bytes(row.signature), row.relay) if row else None


async def newest(session: ReadSession, chain_hash: str) -> Round | None:
    """Of a chain's rounds that were verified before."""
    found = select(BeaconRound).where(BeaconRound.chain_hash == chain_hash).order_by(BeaconRound.round_no.desc())
    row = await session.scalar(found.limit(1))
    return Round(row.round_no, bytes(row.signature), row.relay) if row else None


async def keep(session: WriteSession, chain_hash: str, told: Round) -> None:
    """A verified round; known already, nothing changes."""
    values = {"chain_hash": chain_hash, "round_no": told.number, "signature": told.signature, "relay": told.relay}
    await session.execute(insert(BeaconRound).values(values).on_conflict_do_nothing())


async def asked(engine: AsyncEngine, draw: Draw, operation: str, ask: Callable[[], Awaitable[Round]]) -> Round | None:
    """What the beacon tells for a draw, the call written down before and after; None when no relay told anything."""
    answer = await calls.made(engine, "beacon", operation, f"draw:{draw.public_id}", ask)
    return answer.value


async def asked_in_turn(
    engine: AsyncEngine, chain_hash: str, number: int, ask: Callable[[], Awaitable[Round]], between: timedelta
) -> Round | None:
    """What the beacon tells of one round; None, too, while any process asks for it, or has asked a moment ago."""
    reference = f"round:{chain_hash[:16]}:{number}"
    async with writing(engine) as session:
        await session.execute(ONE_AT_A_TIME, {"reference": reference})
        if await _is_asked(session, reference, between):
            return None
        call_id = await calls.begin(session, "beacon", "round", reference)
    answer = await calls.attempt(ask)
    async with writing(engine) as session:
        await calls.end(session, call_id, answer)
    return answer.value


async def _is_asked(session: ReadSession, reference: str, between: timedelta) -> bool:
    at, call = clock.now(), ExternalCall
    under_way = and_(call.ended_at.is_(None), call.started_at > at - timedelta(seconds=calls.PATIENCE_S))
    found = select(call.id).where(call.reference == reference, or_(call.started_at > at - between, under_way))
    return await session.scalar(found.limit(1)) is not None
