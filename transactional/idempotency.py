"""Commands that happen once under their `Idempotency-Key`: the same again gets the first answer, another is refused."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Header
from pydantic import BaseModel
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert

from transactional.accounts.models import IdempotencyKey
from transactional.db import ReadSession, WriteSession
from transactional.errors import IdempotencyKeyReusedError, MissingIdempotencyKeyError

MAX_KEY_LENGTH = 200
Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class CommandKey:
    """Whose command, under which key, asking what."""

    subject: str
    key: str
    request: str

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.request.encode()).digest()


async def once(
    session: WriteSession, command: CommandKey, view: type[Answer], work: Callable[[], Awaitable[Answer]]
) -> Answer:
    """The answer of `work`, done now or at the first time; key, work and answer share the caller's transaction.

    Raises IdempotencyKeyReusedError when the key belongs to another request.
    """
    if not await first_time(session, command):
        return view.model_validate_json(await recorded(session, command), by_name=True)
    answer = await work()
    kept = update(IdempotencyKey).where(*_is(command)).values(status_code=201, answer=answer.model_dump_json())
    await session.execute(kept)
    return answer


async def first_time(session: WriteSession, command: CommandKey) -> bool:
    """Claims the key, waiting for another transaction that holds it; False when it was used for the same request.

    Raises IdempotencyKeyReusedError when it was used for another.
    """
    claim = insert(IdempotencyKey).values(subject=command.subject, key=command.key, request_sha256=command.sha256)
    claimed = await session.execute(claim.on_conflict_do_nothing().returning(IdempotencyKey.key))
    if claimed.one_or_none() is not None:
        return True
    known = await session.scalar(select(IdempotencyKey.request_sha256).where(*_is(command)))
    if bytes(known or b"") != command.sha256:
        raise IdempotencyKeyReusedError
    return False


async def recorded(session: ReadSession, command: CommandKey) -> str:
    """What a command answered, as JSON, whatever it asked; empty when there was none under its key."""
    return await session.scalar(select(IdempotencyKey.answer).where(*_is(command))) or ""


def _is(command: CommandKey) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return IdempotencyKey.subject == command.subject, IdempotencyKey.key == command.key


async def idempotency_key(
    given: Annotated[
        str | None,
        Header(alias="Idempotency-Key", description="Names this command: sent again, it happens once", max_length=1000),
    ] = None,
) -> str:
    """The key of a command. Raises MissingIdempotencyKeyError."""
    key = (given or "").strip()
    if not 0 < len(key) <= MAX_KEY_LENGTH or not key.isprintable():
        raise MissingIdempotencyKeyError
    return key


Key = Annotated[str, Depends(idempotency_key)]
