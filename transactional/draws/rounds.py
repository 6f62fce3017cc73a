"""Rounds that were fetched and verified here, kept for all who ask again."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional import calls
from transactional.calls import ExternalCall
from transactional.db import ReadSession, WriteSession
from transactional.draws.beacon import Round
from transactional.draws.models import BeaconRound, Draw


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


async def asked_since(session: ReadSession, draw: Draw, at: datetime) -> bool:
    """Whether the beacon was asked for a draw's deciding round since an instant."""
    calls_for = select(ExternalCall.id).where(ExternalCall.reference == f"draw:{draw.public_id}")
    found = calls_for.where(ExternalCall.operation == "round", ExternalCall.started_at > at)
    return await session.scalar(found.limit(1)) is not None
