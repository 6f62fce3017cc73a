"""What a customer does in a case, and what other slices may ask: list, read, write, attach, withdraw."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from mingsuan import clock
from transactional.aftersales import conversation, evidence, queries, rules
from transactional.aftersales.errors import CaseClosedError, TooManyRequestsError
from transactional.aftersales.evidence_files import CleanFile
from transactional.aftersales.models import AftersalesCase
from transactional.aftersales.rules import Act
from transactional.aftersales.schemas import AftersalesCaseList, AftersalesCaseView, CaseMoved, EvidenceView, OpenCase
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError


async def open_cases_of_order(session: ReadSession, customer_id: int, order_no: str) -> tuple[OpenCase, ...]:
    """The customer's open cases about an order, oldest first; none for another customer's order."""
    return await queries.open_of_order(session, customer_id, order_no)


async def cases(session: ReadSession, customer_id: int, limit: int, offset: int) -> AftersalesCaseList:
    """The customer's own, open ones first."""
    return await queries.of_customer(session, customer_id, limit, offset)


async def case(session: ReadSession, vault: Vault, customer_id: int, case_id: UUID) -> AftersalesCaseView:
    """The customer's own case with its conversation, without the staff's notes. Raises NotFoundError."""
    row = await queries.one(session, case_id, customer_id)
    if row is None:
        raise NotFoundError
    return await whole(session, vault, row, with_internal=False)


async def whole(session: ReadSession, vault: Vault, row: Any, *, with_internal: bool) -> AftersalesCaseView:
    """A case's own row completed."""
    sealed = await queries.messages(session, row.inside, with_internal=with_internal)
    return AftersalesCaseView(
        **{name: getattr(row, name) for name in AftersalesCaseView.model_fields if name in row._fields},
        units=queries.unit_views(await queries.units(session, row.inside)),
        messages=tuple([await conversation.opened(session, vault, row, message) for message in sealed]),
        evidence=await queries.evidence(session, row.inside),
        resolutions=await queries.resolutions(session, row.inside),
    )


async def write(
    session: WriteSession, vault: Vault, customer_id: int, case_id: UUID, words: str, files: Sequence[CleanFile] = ()
) -> CaseMoved:
    """Words, files or both from the customer.

    Raises NotFoundError, CaseClosedError, TooMuchEvidenceError, TooManyRequestsError.
    """
    found = await own(session, customer_id, case_id)
    moved(found, "write")
    at = clock.now()
    if await queries.written_since(session, found.id, at - timedelta(days=1)) >= rules.MESSAGES_A_DAY:
        raise TooManyRequestsError
    await conversation.say(session, vault, found, words, at)
    await evidence.attach(session, vault, found, files, at)
    await session.flush()
    return moved_to(found)


async def attach(session: WriteSession, vault: Vault, customer_id: int, case_id: UUID, file: CleanFile) -> EvidenceView:
    """One file from the customer. Raises NotFoundError, CaseClosedError, TooMuchEvidenceError."""
    found = await own(session, customer_id, case_id)
    moved(found, "attach")
    [row] = await evidence.attach(session, vault, found, [file], clock.now())
    return EvidenceView(id=row.public_id, media_type=row.media_type, size=row.size, attached_at=row.attached_at)


async def withdraw(session: WriteSession, customer_id: int, case_id: UUID) -> CaseMoved:
    """The customer needs it no more; withdrawn before, nothing happens. Raises NotFoundError, CaseClosedError."""
    found = await own(session, customer_id, case_id)
    if found.state != "withdrawn":
        moved(found, "withdraw")
        found.closed_at = clock.now()
        await session.flush()
        await queries.close_units(session, found.id)
    return moved_to(found)


async def own(session: WriteSession, customer_id: int, case_id: UUID) -> AftersalesCase:
    """The customer's case, locked. Raises NotFoundError."""
    if await queries.order_of(session, case_id, customer_id) is None:
        raise NotFoundError
    return await queries.locked(session, case_id)


def moved_to(found: AftersalesCase) -> CaseMoved:
    """Where a case stands after what was done."""
    return CaseMoved.model_validate({"id": found.public_id, "state": found.state})


def moved(found: AftersalesCase, act: Act) -> None:
    """The case after an act, by the rules. Raises CaseClosedError."""
    state = rules.after(found.state, act)
    if state is None:
        raise CaseClosedError
    found.state = state
    found.due_at = rules.due_after(state, act, found.due_at, clock.now())
    found.revision += 1
