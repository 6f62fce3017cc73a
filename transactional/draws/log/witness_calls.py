"""One question to one witness (C2SP tlog-witness) and what its answer proves. When to ask is `witnessing`'s."""

import asyncio
import base64
import hashlib

import httpx

from transactional.draws.log import proving
from transactional.draws.log.checkpoints import Checkpoint, checkpoint
from transactional.draws.log.keeper import Keeper, Witness
from transactional.draws.log.notes import BadNoteError, Line, Note, check_signed, cosigned_at, lines, note
from transactional.draws.log.positions import Recorded
from transactional.draws.log.tiles import Tiles

PATIENCE_S = 5.0
MOST_ANSWER = 64 * 1024
MOST_STEPS = 63


class WitnessError(RuntimeError):
    """A witness did not answer as it should; why, in a few words."""


class AnotherLogError(WitnessError):
    """A witness says that it has seen a longer log than this one, or another."""


FAILURES = (WitnessError, BadNoteError, httpx.HTTPError, TimeoutError, ValueError)
"""Whatever an answer that is none may raise."""


def client() -> httpx.AsyncClient:
    """For all witnesses, as long as a sequencer runs."""
    return httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False, follow_redirects=False)


async def cosignature(
    asking: httpx.AsyncClient, keeper: Keeper, witness: Witness, newest: Recorded, old: int
) -> tuple[Line, int]:
    """The witness's line below our newest checkpoint, with its second. `old` is the size that it cosigned last.

    Raises AnotherLogError when it refuses because of what it has seen, and one of FAILURES otherwise.
    """
    async with asyncio.timeout(PATIENCE_S):
        answer = await _submit(asking, keeper, witness, newest, old)
    own = [line for line in lines(answer) if line.is_by(witness.key)][:1]
    second = cosigned_at(newest.note.text, own, witness.key)
    if second is None:
        raise WitnessError("its answer is by another key")
    return own[0], second


async def shown(asking: httpx.AsyncClient, keeper: Keeper, witness: Witness) -> Checkpoint | None:
    """The newest checkpoint of this log that a witness shows, by our own key; None when it shows none.

    Raises one of FAILURES.
    """
    where = f"{witness.url}/{hashlib.sha256(keeper.origin.encode()).hexdigest()}/checkpoint"
    async with asyncio.timeout(PATIENCE_S):
        status, answer = await _read(asking, "GET", where, None)
    if status == httpx.codes.NOT_FOUND:
        return None
    if status != httpx.codes.OK:
        raise WitnessError(f"it answered {status}")
    found = note(answer)
    check_signed(found, keeper.verifier)
    return checkpoint(found.text)


async def _submit(asking: httpx.AsyncClient, keeper: Keeper, witness: Witness, newest: Recorded, old: int) -> str:
    """The answer to a checkpoint; asked a second time when the witness remembers another size than we do."""
    status, answer = await _post(asking, keeper, witness, newest, old)
    if status == httpx.codes.CONFLICT:
        seen = _size(answer)
        if seen > newest.checkpoint.size:
            raise AnotherLogError(f"it has seen {seen} leaves")
        status, answer = await _post(asking, keeper, witness, newest, seen)
    if status == httpx.codes.UNPROCESSABLE_ENTITY:
        raise AnotherLogError("what it has seen is no beginning of this log")
    if status != httpx.codes.OK:
        raise WitnessError(f"it answered {status}")
    return answer


async def _post(
    asking: httpx.AsyncClient, keeper: Keeper, witness: Witness, newest: Recorded, old: int
) -> tuple[int, str]:
    said = newest.checkpoint
    proof = await asyncio.to_thread(proving.consistency, Tiles(keeper.folder, said.size), old)
    own = Note(newest.note.text, tuple(line for line in newest.note.lines if line.is_by(keeper.verifier)))
    steps = "".join(f"{base64.b64encode(step).decode()}\n" for step in proof[:MOST_STEPS])
    return await _read(asking, "POST", f"{witness.url}/add-checkpoint", f"old {old}\n{steps}\n{own}".encode())


async def _read(asking: httpx.AsyncClient, method: str, url: str, body: bytes | None) -> tuple[int, str]:
    """Status and answer, of which no more than needed is read. Raises httpx.HTTPError, ValueError."""
    async with asking.stream(method, url, content=body) as answer:
        content = b""
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > MOST_ANSWER:
                raise ValueError("it answers without end")
        return answer.status_code, content.decode()


def _size(answer: str) -> int:
    digits = answer.removesuffix("\n")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise WitnessError("it answered 409 without a size")
    return int(digits)
