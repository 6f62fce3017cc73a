"""Calls to the world outside, written down before they are made and after. What is called belongs to the callers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from sqlalchemy import Text, func, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Mapped, mapped_column

from mingsuan import clock
from transactional import metrics
from transactional.db import Public, WriteSession, writing
from transactional.outcomes import RefusedError, UnknownOutcomeError

PATIENCE_S = 15
log = logging.getLogger("mingsuan.calls")
Result = TypeVar("Result")


class ExternalCall(Public):
    """One row per call to the world outside: written before it is made (outcome unknown), completed after."""

    __tablename__ = "external_call"

    target: Mapped[str] = mapped_column(Text)
    operation: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text, index=True)
    outcome: Mapped[str] = mapped_column(Text, server_default="unknown")
    http_status: Mapped[int | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Answer(Generic[Result]):
    """How a call ended. `value` exists when it succeeded; `code` is the other side's word for a refusal."""

    outcome: Literal["succeeded", "refused", "unknown"]
    value: Result | None = None
    code: str = ""
    reason: str = ""
    http_status: int | None = None


async def begin(session: WriteSession, target: str, operation: str, reference: str) -> int:
    """Writes down a call that is about to be made; its outcome is unknown until `end`."""
    call = ExternalCall(target=target, operation=operation, reference=reference, started_at=clock.now())
    session.add(call)
    await session.flush()
    return call.id


async def attempt(work: Callable[[], Awaitable[Result]], patience_s: float = PATIENCE_S) -> Answer[Result]:
    """Makes a call, for so long at most. Whatever goes wrong but a clear refusal leaves the outcome unknown."""
    try:
        async with asyncio.timeout(patience_s):
            return Answer("succeeded", await work())
    except RefusedError as error:
        return Answer("refused", None, error.code, error.reason, error.http_status)
    except UnknownOutcomeError as error:
        return Answer("unknown", None, "", error.reason, error.http_status)
    except TimeoutError:
        return Answer("unknown", None, "", "no answer in time")
    except Exception as error:
        log.exception("a call to the outside ended in a way that nobody foresaw")
        return Answer("unknown", None, "", type(error).__name__)


async def end(session: WriteSession, call_id: int, answer: Answer[Result]) -> None:
    """Completes the record of a call."""
    ended = update(ExternalCall).where(ExternalCall.id == call_id)
    detail = {name: text[:500] for name, text in (("code", answer.code), ("reason", answer.reason)) if text}
    values = {"outcome": answer.outcome, "http_status": answer.http_status, "detail": detail, "ended_at": clock.now()}
    made_of = ended.values(values).returning(ExternalCall.target, ExternalCall.operation)
    for target, operation in await session.execute(made_of):
        metrics.gateway_called(target, operation, answer.outcome)


async def made(
    engine: AsyncEngine, target: str, operation: str, reference: str, work: Callable[[], Awaitable[Result]]
) -> Answer[Result]:
    """A call that changes nothing here by itself: begun, made and ended, each in a transaction of its own."""
    async with writing(engine) as session:
        call_id = await begin(session, target, operation, reference)
    answer = await attempt(work)
    async with writing(engine) as session:
        await end(session, call_id, answer)
    return answer
