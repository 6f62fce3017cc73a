"""What staff do in a case without deciding it: answer, ask, note, take. Each act is on record, without words.

Whoever acts says which revision of the case they saw; when it has moved on since, nothing is done.
"""

from typing import Literal
from uuid import UUID

from mingsuan import clock
from transactional.accounts.service import record_act
from transactional.aftersales import conversation, desk_queries, queries
from transactional.aftersales.errors import CaseClosedError, CaseMovedOnError
from transactional.aftersales.models import AftersalesCase
from transactional.aftersales.rules import OPEN_STATES
from transactional.aftersales.schemas import CaseMoved
from transactional.aftersales.service import moved, moved_to
from transactional.cards.vault import Vault
from transactional.db import WriteSession
from transactional.errors import NotFoundError
from transactional.notices.service import tell


async def answer(
    session: WriteSession,
    vault: Vault,
    staff_id: int,
    case_id: UUID,
    seen: int,
    words: str,
    act: Literal["answer", "ask"],
) -> CaseMoved:
    """Words to the customer; after `ask` it is the customer's turn. Raises as `seen_by`."""
    found = await seen_by(session, case_id, seen)
    moved(found, act)
    at = clock.now()
    await conversation.say(session, vault, found, words, at, staff_id=staff_id)
    found.taken_by = found.taken_by or staff_id
    await session.flush()
    await record_act(session, staff_id, f"{act}_in_case", subject(case_id))
    await tell(session, found.customer_id, "case_answered", f"{subject(case_id)}#{found.revision}")
    return moved_to(found)


async def note(session: WriteSession, vault: Vault, staff_id: int, case_id: UUID, words: str) -> CaseMoved:
    """For staff alone, in closed cases too; it changes nothing else. Raises NotFoundError."""
    found = await locked(session, case_id)
    await conversation.say(session, vault, found, words, clock.now(), staff_id=staff_id, is_internal=True)
    await record_act(session, staff_id, "note_in_case", subject(case_id))
    return moved_to(found)


async def take(
    session: WriteSession, staff_id: int, case_id: UUID, seen: int, colleague: UUID | None = None
) -> CaseMoved:
    """The case is this member's to see through, or a colleague's who may settle cases. Raises as `seen_by`."""
    found = await seen_by(session, case_id, seen)
    taker = staff_id
    if colleague is not None:
        by_name = {row.public_id: row.id for row in await desk_queries.colleagues(session)}
        if colleague not in by_name:
            raise NotFoundError
        taker = by_name[colleague]
    moved(found, "take")
    found.taken_by = taker
    await session.flush()
    detail = {"for": str(colleague)} if colleague else None
    await record_act(session, staff_id, "take_case", subject(case_id), detail=detail)
    return moved_to(found)


async def seen_by(session: WriteSession, case_id: UUID, seen: int) -> AftersalesCase:
    """The locked case as staff saw it. Raises NotFoundError, CaseClosedError, CaseMovedOnError."""
    found = await locked(session, case_id)
    if found.state not in OPEN_STATES:
        raise CaseClosedError
    if found.revision != seen:
        raise CaseMovedOnError
    return found


async def locked(session: WriteSession, case_id: UUID) -> AftersalesCase:
    """Raises NotFoundError."""
    if await queries.order_of(session, case_id, None) is None:
        raise NotFoundError
    return await queries.locked(session, case_id)


def subject(case_id: UUID) -> str:
    """What acts on record call a case."""
    return f"case:{case_id}"
