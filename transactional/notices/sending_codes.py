"""Sending one-time codes: once at most, never after they expired, and nothing of them is kept afterwards."""

from datetime import datetime, timedelta

from sqlalchemy import select

from mingsuan import clock
from transactional.cards import service as cards
from transactional.db import WriteSession, writing
from transactional.jobs import defer
from transactional.notices.composing import code_message
from transactional.notices.models import CodeMessage
from transactional.notices.rules import CODE_ATTEMPTS, STILL_RUNNING, after_refusal, is_under_way
from transactional.notices.sealing import opened
from transactional.notices.senders.interface import Message
from transactional.notices.sending import KILLED, Ended, attempted
from transactional.notices.service import CODES_FIRST, SEND_CODE
from transactional.shop import Shop

WAIT = timedelta(seconds=5)
"""Before another attempt, when the one before certainly sent nothing: somebody is waiting."""


async def send_code(shop: Shop, message_id: int) -> None:
    """Sends a code that waits. One whose attempt ended unclear is never sent again: it may have arrived."""
    async with writing(shop.engine) as session:
        message = await _begun(session, shop, message_id, clock.now())
    if message is None:
        return
    ended = await attempted(shop.senders[message.channel], message)
    async with writing(shop.engine) as session:
        await _end(session, message_id, ended, clock.now())


async def forget_expired(shop: Shop) -> None:
    """Codes that expired before they could be sent are not kept."""
    at = clock.now()
    async with writing(shop.engine) as session:
        late = select(CodeMessage).where(CodeMessage.sealed.is_not(None), CodeMessage.expires_at < at - STILL_RUNNING)
        for message in await session.scalars(late.with_for_update(skip_locked=True)):
            _finish(message, "unknown" if message.state == "sending" else "failed", "expired")


async def _begun(session: WriteSession, shop: Shop, message_id: int, at: datetime) -> Message | None:
    row = await session.get_one(CodeMessage, message_id, with_for_update=True)
    if row.state == "sending" and is_under_way(row.begun_at, at):
        await defer(session, SEND_CODE, {"message_id": message_id}, at=at + STILL_RUNNING, priority=CODES_FIRST)
        return None
    if row.state == "sending":
        _finish(row, "unknown", KILLED)
    elif row.state == "queued" and at >= row.expires_at:
        _finish(row, "failed", "expired")
    if row.state != "queued" or row.sealed is None:
        return None
    row.state, row.begun_at = "sending", at
    row.attempts += 1
    key = await cards.data_key(session, row.data_key_id)
    return code_message(row, opened(shop.vault, key, row.id, bytes(row.sealed)))


async def _end(session: WriteSession, message_id: int, ended: Ended, at: datetime) -> None:
    row = await session.get_one(CodeMessage, message_id, with_for_update=True)
    if row.state != "sending":
        return
    if ended.how == "sent":
        row.sent_at, row.provider_ref = at, ended.provider_ref[:300]
        _finish(row, "sent", "")
    elif ended.how == "unclear":
        _finish(row, "unknown", ended.reason)
    elif after_refusal(row.attempts, ended.temporary, CODE_ATTEMPTS) == "again" and at + WAIT < row.expires_at:
        row.state, row.reason = "queued", ended.reason[:300]
        again = {"message_id": message_id}
        await defer(session, SEND_CODE, again, at=at + WAIT, priority=CODES_FIRST)
    else:
        _finish(row, "failed", ended.reason)


def _finish(row: CodeMessage, state: str, reason: str) -> None:
    """Whom it went to and the code are gone from now on."""
    row.state, row.reason, row.sealed = state, reason[:300], None
