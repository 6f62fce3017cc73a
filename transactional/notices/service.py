"""What other slices call: tell a customer something once, put a one-time code on its way.

Both are written in the caller's transaction; the worker sends them after it (`sending`).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from sqlalchemy.dialects.postgresql import insert

from mingsuan import clock
from transactional.cards import service as cards
from transactional.cards.vault import Vault
from transactional.db import WriteSession
from transactional.jobs import defer
from transactional.notices.models import CodeMessage, Notice
from transactional.notices.rules import TOPIC_OF
from transactional.notices.sealing import PURPOSE, sealed

SEND, SEND_CODE = "notices.send", "notices.send_code"
CODES_FIRST = 50
"""Priority of one-time codes: somebody is waiting for them."""


async def tell(
    session: WriteSession,
    customer_id: int,
    kind: str,
    subject: str,
    values: Mapping[str, str | int] | None = None,
    *,
    priority: int = 0,
) -> None:
    """A notice to the customer, once for each kind and subject ("order:<no>", "case:<id>", …).

    `values` are public names and fen only, such as {"amount_fen": 5000, "product": "…"}; `texts.FACTS` says which are
    shown. Raises KeyError for a kind that nobody defined. One of very many has a priority below 0.
    """
    if kind not in TOPIC_OF:
        raise KeyError(kind)
    told = insert(Notice).values(customer_id=customer_id, kind=kind, subject=subject, values=dict(values or {}))
    row = (await session.execute(told.on_conflict_do_nothing().returning(Notice.id))).one_or_none()
    if row is not None:
        await defer(session, SEND, {"notice_id": row.id}, priority=priority)


async def send_code(
    session: WriteSession,
    vault: Vault,
    *,
    channel: Literal["email", "sms"],
    target: str,
    purpose: str,
    code: str,
    language: str,
    minutes: int,
) -> None:
    """A one-time code on its way to an address or a number (E.164), good for so many minutes.

    It goes out once at most, and not at all after it has expired. Where it goes and what it is are kept sealed, and
    are gone once it went out.
    """
    at = clock.now()
    key = await cards.data_key_for(session, vault, PURPOSE, f"{at:%Y-%m}")
    message = CodeMessage(
        channel=channel,
        purpose=purpose,
        language=language,
        minutes=minutes,
        expires_at=at + timedelta(minutes=minutes),
        data_key_id=key.id,
        sealed=b"",
    )
    session.add(message)
    await session.flush()
    message.sealed = sealed(vault, key, message.id, target, code)
    await session.flush()
    await defer(session, SEND_CODE, {"message_id": message.id}, priority=CODES_FIRST)
