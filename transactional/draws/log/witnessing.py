"""Asking witnesses to cosign the newest checkpoint, and whether they had seen more than is here before more is signed.

A witness that is down, slow or lying never stops the log: the checkpoint is published already, and asked for again.
"""

import asyncio
import logging
import time
from collections.abc import Sequence

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.db import reading, writing
from transactional.draws.log import positions, proving, witness_calls
from transactional.draws.log.checkpoints import Checkpoint
from transactional.draws.log.keeper import Keeper, Memory, Witness
from transactional.draws.log.notes import Line
from transactional.draws.log.positions import Recorded
from transactional.draws.log.published import LogBrokenError
from transactional.draws.log.tiles import Tiles
from transactional.draws.log.witness_calls import FAILURES, AnotherLogError

FIRST_REST_S, LONGEST_REST_S = 1.0, 60.0
log = logging.getLogger("mingsuan.draws.log")


class ContradictedError(AnotherLogError):
    """A witness shows a checkpoint by our own key that is no part of this log."""


async def ask(source: AsyncEngine, keeper: Keeper, asking: httpx.AsyncClient) -> int:
    """Asks every witness that has not cosigned the newest checkpoint, all at once. How many now have.

    A witness that failed is left alone for a while, longer each time.
    """
    async with reading(source) as session:
        newest = await positions.recorded(session)
        if newest is None or not newest.checkpoint.size:
            return 0
        asked = [each for each in keeper.witnesses if _is_due(keeper, each, newest)]
        seen = [await positions.last_seen(session, each.key.name) for each in asked]
    calls = (_cosigned(asking, keeper, each, newest, old) for each, old in zip(asked, seen, strict=True))
    found = [each for each in await asyncio.gather(*calls) if each is not None]
    if found:
        await _keep(source, newest, found)
    return len(found)


async def compare(source: AsyncEngine, keeper: Keeper, asking: httpx.AsyncClient) -> None:
    """Looks whether a witness has seen a longer log, or another, than the one that is here: until each has answered.

    Then books and folder are both older than what was published, and whatever is signed now would be a second history:
    raises LogBrokenError, run for run. A witness that does not answer is not waited for, but asked again. What one
    says without showing it counts for nothing once it has cosigned for this process: that log was no older one.
    """
    memory = keeper.memory
    due = [each for each in keeper.witnesses if str(each.key) not in memory.compared and not _rests(keeper, each)]
    if not due and not memory.contradicted:
        return
    async with reading(source) as session:
        newest = await positions.recorded(session)
        seen = [await positions.last_seen(session, each.key.name) for each in due]
    if newest is not None:
        await asyncio.gather(
            *(_compare(asking, keeper, each, newest, old) for each, old in zip(due, seen, strict=True))
        )
    for name, said in memory.contradicted.items():
        raise LogBrokenError(f"{name}: {said}. Bring back the newest copy of {keeper.folder}.")


async def _compare(asking: httpx.AsyncClient, keeper: Keeper, witness: Witness, newest: Recorded, old: int) -> None:
    """Writes down what a witness proved: that it has seen what is here, or something else."""
    memory, name = keeper.memory, str(witness.key)
    try:
        seen = await witness_calls.shown(asking, keeper, witness)
        if seen is None:  # it has seen nothing, or shows it elsewhere: then its refusal tells
            await witness_calls.cosignature(asking, keeper, witness, newest, old)
        elif not await asyncio.to_thread(_is_part, keeper, seen, newest.checkpoint):
            raise ContradictedError(f"it has seen a log of {seen.size} leaves that is not the one here")
    except ContradictedError as error:
        _contradicted(memory, witness, error)
    except AnotherLogError as error:
        if name in memory.cosigned:
            _failed(keeper, witness, newest, error)
        else:
            _contradicted(memory, witness, error)
    except FAILURES as error:
        _failed(keeper, witness, newest, error)
    else:
        memory.compared.add(name)
        memory.contradicted.pop(witness.key.name, None)


async def _cosigned(
    asking: httpx.AsyncClient, keeper: Keeper, witness: Witness, newest: Recorded, old: int
) -> tuple[Line, int] | None:
    """The witness's line with its second; None when there is none."""
    memory, name = keeper.memory, str(witness.key)
    try:
        found = await witness_calls.cosignature(asking, keeper, witness, newest, old)
    except AnotherLogError as error:  # what it can show of that ends the log before the next run signs anything
        await _compare(asking, keeper, witness, newest, old)
        _failed(keeper, witness, newest, error)
        return None
    except FAILURES as error:
        _failed(keeper, witness, newest, error)
        return None
    memory.cosigned.add(name)
    memory.failures.pop(name, None)
    memory.resting.pop(name, None)
    return found


def _contradicted(memory: Memory, witness: Witness, error: AnotherLogError) -> None:
    memory.compared.discard(str(witness.key))
    memory.contradicted[witness.key.name] = str(error)


def _failed(keeper: Keeper, witness: Witness, newest: Recorded, error: Exception) -> None:
    """It is left alone for a while."""
    memory, name = keeper.memory, str(witness.key)
    failures = memory.failures[name] = memory.failures.get(name, 0) + 1
    memory.resting[name] = time.monotonic() + min(FIRST_REST_S * 2 ** min(failures - 1, 10), LONGEST_REST_S)
    why, size = str(error) or type(error).__name__, newest.checkpoint.size
    log.warning("%s did not answer as it should about %s leaves: %s", witness.key.name, size, why)


def _is_due(keeper: Keeper, witness: Witness, newest: Recorded) -> bool:
    return not any(line.is_by(witness.key) for line in newest.note.lines) and not _rests(keeper, witness)


def _rests(keeper: Keeper, witness: Witness) -> bool:
    return keeper.memory.resting.get(str(witness.key), 0.0) > time.monotonic()


def _is_part(keeper: Keeper, seen: Checkpoint, own: Checkpoint) -> bool:
    """Whether what a witness has seen is a beginning of our log."""
    return seen.size <= own.size and proving.root(Tiles(keeper.folder, own.size), seen.size) == seen.root


async def _keep(source: AsyncEngine, newest: Recorded, found: Sequence[tuple[Line, int]]) -> None:
    async with writing(source) as session:
        for line, second in found:
            await positions.cosigned(session, newest.id, line, second)
