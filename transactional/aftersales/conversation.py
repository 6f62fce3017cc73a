"""What is said in a case: sealed under the customer's key when it is written, opened for who may read it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from transactional.accounts.persons import personal
from transactional.accounts.persons.personal import ErasedError, Sealed
from transactional.aftersales.models import AftersalesCase, AftersalesMessage
from transactional.aftersales.schemas import MessageView
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession


async def say(
    session: WriteSession,
    vault: Vault,
    case: AftersalesCase,
    words: str,
    at: datetime,
    *,
    staff_id: int | None = None,
    is_internal: bool = False,
) -> None:
    """A message of the customer, or of a member of staff; nothing when there are no words."""
    if not words.strip():
        return
    sealed = await personal.seal(
        session, vault, case.customer_id, place(case.public_id), {"words": words.strip().replace("\r\n", "\n")}
    )
    session.add(
        AftersalesMessage(
            case_id=case.id,
            author="customer" if staff_id is None else "staff",
            staff_id=staff_id,
            is_internal=is_internal,
            data_key_id=sealed.data_key_id,
            sealed=sealed.content,
            written_at=at,
        )
    )
    await session.flush()


async def opened(session: ReadSession, vault: Vault, case: Any, row: Any) -> MessageView:
    """A message for reading; without its words when the customer's data were erased."""
    words: str | None = None
    try:
        sealed = Sealed(row.data_key_id, bytes(row.sealed))
        words = (await personal.unseal(session, vault, case.customer_id, place(case.id), sealed))["words"]
    except ErasedError:
        pass
    return MessageView(
        author=row.author,
        words=words,
        written_at=row.written_at,
        is_internal=row.is_internal,
        staff_name=row.staff_name,
    )


def place(case_id: UUID) -> str:
    """What the words of a case are bound to: they cannot be moved into another."""
    return f"case-message:{case_id}"
