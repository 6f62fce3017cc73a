"""Sending notices: each attempt is written down before the call and after it, in transactions of its own.

An attempt whose end nobody knows (no answer, a killed worker) is made at most once more, under the same number.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mingsuan import clock
from transactional.db import WriteSession, writing
from transactional.jobs import defer
from transactional.notices.composing import notice_message
from transactional.notices.models import Notice
from transactional.notices.reaching import reach
from transactional.notices.rules import (
    SEND_S,
    STILL_RUNNING,
    after_refusal,
    after_unclear,
    is_under_way,
    wait_after,
)
from transactional.notices.senders.interface import Message, NotSentError, Sender, UnclearError
from transactional.notices.service import SEND
from transactional.shop import Shop

log = logging.getLogger("mingsuan.notices")
KILLED = "the worker ended while it was sending"


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended."""

    how: Literal["sent", "refused", "unclear"]
    provider_ref: str = ""
    reason: str = ""
    temporary: bool = False


async def attempted(sender: Sender, message: Message) -> Ended:
    """One call, for SEND_S seconds at most. Whatever goes wrong but a clear refusal leaves the outcome unknown."""
    try:
        async with asyncio.timeout(SEND_S):
            return Ended("sent", await sender.send(message))
    except NotSentError as error:
        return Ended("refused", reason=error.reason, temporary=error.temporary)
    except UnclearError as error:
        return Ended("unclear", reason=str(error))
    except TimeoutError:
        return Ended("unclear", reason="no answer in time")
    except Exception as error:
        log.exception("a message was not sent in a way that nobody foresaw", extra={"key": message.key})
        return Ended("unclear", reason=type(error).__name__)


async def send(shop: Shop, notice_id: int) -> None:
    """Sends a notice that waits; does nothing for one that was sent. Commits by itself."""
    async with writing(shop.engine) as session:
        begun = await _begun(session, shop, notice_id, clock.now())
    if begun is None:
        return
    message, attempt = begun
    ended = await attempted(shop.senders[message.channel], message)
    async with writing(shop.engine) as session:
        await _end(session, notice_id, attempt, ended, clock.now())


async def _begun(session: WriteSession, shop: Shop, notice_id: int, at: datetime) -> tuple[Message, int] | None:
    """The message of an attempt that is now written down, and which attempt it is; None when there is nothing to do."""
    notice = await session.get_one(Notice, notice_id, with_for_update=True)
    if notice.state == "sending" and is_under_way(notice.begun_at, at):
        await defer(session, SEND, {"notice_id": notice_id}, at=at + STILL_RUNNING)
        return None
    if notice.state == "sending":
        notice.unclear += 1
        notice.state = "queued" if after_unclear(notice.unclear) == "again" else "unknown"
        notice.reason = KILLED
    if notice.state != "queued":
        return None
    found = await reach(session, shop.vault, notice.customer_id, notice.kind, shop.settings.language)
    if found is None:
        notice.state, notice.channel = "muted", None
        return None
    notice.state, notice.channel, notice.begun_at = "sending", found.channel, at
    notice.attempts += 1
    return notice_message(notice, found, shop.settings, shop.currency), notice.attempts


async def _end(session: WriteSession, notice_id: int, attempt: int, ended: Ended, at: datetime) -> None:
    """Unless somebody else took the notice over meanwhile."""
    notice = await session.get_one(Notice, notice_id, with_for_update=True)
    if notice.state != "sending" or notice.attempts != attempt:
        return
    notice.reason = ended.reason[:300]
    if ended.how == "sent":
        notice.state, notice.sent_at, notice.provider_ref = "sent", at, ended.provider_ref[:300]
        return
    if ended.how == "unclear":
        notice.unclear += 1
        following = after_unclear(notice.unclear)
    else:
        following = after_refusal(attempt, ended.temporary)
    notice.state = "queued" if following == "again" else following
    if following == "again":
        await defer(session, SEND, {"notice_id": notice_id}, at=at + wait_after(attempt))
