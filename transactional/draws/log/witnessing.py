"""Asking witnesses to cosign the newest checkpoint (C2SP tlog-witness); whether they had seen more than is here.

A witness that is down, slow or lying never stops the log: the checkpoint is published already, and asked for again.
"""

import asyncio
import base64
import hashlib
import logging
import time
from collections.abc import Sequence

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.db import reading, writing
from transactional.draws.log import positions, proving
from transactional.draws.log.checkpoints import Checkpoint, checkpoint
from transactional.draws.log.keeper import Keeper, Witness
from transactional.draws.log.notes import BadNoteError, Line, Note, check_signed, cosigned_at, lines, note
from transactional.draws.log.positions import Recorded
from transactional.draws.log.published import LogBrokenError
from transactional.draws.log.tiles import Tiles

PATIENCE_S = 5.0
FIRST_REST_S, LONGEST_REST_S = 1.0, 60.0
MOST_ANSWER = 64 * 1024
MOST_STEPS = 63
log = logging.getLogger("mingsuan.draws.log")


class WitnessError(RuntimeError):
    """A witness did not cosign; why, in a few words."""


class BehindWitnessError(WitnessError):
    """A witness has seen a longer log than this one."""


async def ask(source: AsyncEngine, keeper: Keeper) -> int:
    """Asks every witness that has not cosigned the newest checkpoint, all at once. How many now have.

    A witness that failed is left alone for a while, longer each time.
    """
    async with reading(source) as session:
        newest = await positions.recorded(session)
        if newest is None or not newest.checkpoint.size:
            return 0
        asked = [each for each in keeper.witnesses if _is_due(keeper, each, newest)]
        seen = [await positions.last_seen(session, each.key.name) for each in asked]
    if not asked:
        return 0
    async with _client() as client:
        calls = (_cosigned(client, keeper, each, newest, old) for each, old in zip(asked, seen, strict=True))
        found = [each for each in await asyncio.gather(*calls) if each is not None]
    if found:
        await _keep(source, newest, found)
    return len(found)


async def compare(source: AsyncEngine, keeper: Keeper) -> None:
    """Looks, once a process, whether a witness has seen a longer log, or another, than the one that is here.

    Then books and folder are both older than what was published, and whatever is signed now would be a second history:
    raises LogBrokenError. A witness that does not answer is not waited for.
    """
    async with reading(source) as session:
        newest = await positions.recorded(session)
    async with _client() as client:
        shown = await asyncio.gather(*(_shown(client, keeper, each) for each in keeper.witnesses))
    own = newest.checkpoint if newest else None
    for witness, seen in zip(keeper.witnesses, shown, strict=True):
        if seen is not None and (own is None or not await asyncio.to_thread(_is_part, keeper, seen, own)):
            raise LogBrokenError(
                f"{witness.key.name} has seen a log of {seen.size} leaves that is not the one here: bring back the"
                f" newest copy of {keeper.folder}."
            )
    keeper.memory.has_compared = True


def _is_due(keeper: Keeper, witness: Witness, newest: Recorded) -> bool:
    has = any(line.is_by(witness.key) for line in newest.note.lines)
    return not has and keeper.memory.resting.get(str(witness.key), 0.0) <= time.monotonic()


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False, follow_redirects=False)


async def _cosigned(
    client: httpx.AsyncClient, keeper: Keeper, witness: Witness, newest: Recorded, old: int
) -> tuple[Line, int] | None:
    """The witness's line with its second; None when there is none."""
    memory, name = keeper.memory, str(witness.key)
    try:
        async with asyncio.timeout(PATIENCE_S):
            answer = await _submit(client, keeper, witness, newest, old)
        found = _own_line(witness, newest.note, answer)
    except (WitnessError, BadNoteError, httpx.HTTPError, TimeoutError, ValueError) as error:
        failures = memory.failures[name] = memory.failures.get(name, 0) + 1
        memory.resting[name] = time.monotonic() + min(FIRST_REST_S * 2 ** min(failures - 1, 10), LONGEST_REST_S)
        grave = isinstance(error, BehindWitnessError)
        log.log(
            logging.ERROR if grave else logging.WARNING,
            "%s did not cosign %s leaves: %s",
            witness.key.name,
            newest.checkpoint.size,
            str(error) or type(error).__name__,
        )
        return None
    memory.failures.pop(name, None)
    memory.resting.pop(name, None)
    return found


async def _submit(client: httpx.AsyncClient, keeper: Keeper, witness: Witness, newest: Recorded, old: int) -> str:
    """The answer to a checkpoint; asked a second time when the witness remembers another size than we do."""
    status, answer = await _post(client, keeper, witness, newest, old)
    if status == httpx.codes.CONFLICT:
        seen = _size(answer)
        if seen > newest.checkpoint.size:
            raise BehindWitnessError(f"it has seen {seen} leaves")
        status, answer = await _post(client, keeper, witness, newest, seen)
    if status != httpx.codes.OK:
        raise WitnessError(f"it answered {status}")
    return answer


async def _post(
    client: httpx.AsyncClient, keeper: Keeper, witness: Witness, newest: Recorded, old: int
) -> tuple[int, str]:
    said = newest.checkpoint
    proof = await asyncio.to_thread(proving.consistency, Tiles(keeper.folder, said.size), old)
    own = Note(newest.note.text, tuple(line for line in newest.note.lines if line.is_by(keeper.verifier)))
    steps = "".join(f"{base64.b64encode(step).decode()}\n" for step in proof[:MOST_STEPS])
    return await _read(client, "POST", f"{witness.url}/add-checkpoint", f"old {old}\n{steps}\n{own}".encode())


async def _shown(client: httpx.AsyncClient, keeper: Keeper, witness: Witness) -> Checkpoint | None:
    """The newest checkpoint of this log that a witness shows, if it is by our own key."""
    where = f"{witness.url}/{hashlib.sha256(keeper.origin.encode()).hexdigest()}/checkpoint"
    try:
        async with asyncio.timeout(PATIENCE_S):
            status, answer = await _read(client, "GET", where, None)
        if status != httpx.codes.OK:
            return None
        found = note(answer)
        check_signed(found, keeper.verifier)
        return checkpoint(found.text)
    except (BadNoteError, httpx.HTTPError, TimeoutError, ValueError) as error:
        log.warning("%s shows no checkpoint: %s", witness.key.name, str(error) or type(error).__name__)
        return None


async def _read(client: httpx.AsyncClient, method: str, url: str, body: bytes | None) -> tuple[int, str]:
    """Status and answer, of which no more than needed is read. Raises httpx.HTTPError, ValueError."""
    async with client.stream(method, url, content=body) as answer:
        content = b""
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > MOST_ANSWER:
                raise ValueError("it answers without end")
        return answer.status_code, content.decode()


def _is_part(keeper: Keeper, seen: Checkpoint, own: Checkpoint) -> bool:
    """Whether what a witness has seen is a beginning of our log."""
    return seen.size <= own.size and proving.root(Tiles(keeper.folder, own.size), seen.size) == seen.root


def _own_line(witness: Witness, content: Note, answer: str) -> tuple[Line, int]:
    own = [line for line in lines(answer) if line.is_by(witness.key)][:1]
    second = cosigned_at(content.text, own, witness.key)
    if second is None:
        raise WitnessError("its answer is by another key")
    return own[0], second


def _size(answer: str) -> int:
    digits = answer.removesuffix("\n")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise WitnessError("it answered 409 without a size")
    return int(digits)


async def _keep(source: AsyncEngine, newest: Recorded, found: Sequence[tuple[Line, int]]) -> None:
    async with writing(source) as session:
        for line, second in found:
            await positions.cosigned(session, newest.id, line, second)
