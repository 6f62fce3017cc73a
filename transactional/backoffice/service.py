"""Opening and resolving cases; the acts of staff are recorded by `transactional.accounts.service.record_act`."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from mingsuan import clock
from transactional.backoffice.models import ReviewCase
from transactional.db import WriteSession
from transactional.errors import NotFoundError


async def open_case(
    session: WriteSession,
    kind: str,
    subject: str,
    amount_fen: int | None = None,
    detail: Mapping[str, str | int | None] | None = None,
) -> None:
    """A matter for a person, once for each kind and subject; found again, it is not opened twice."""
    case = insert(ReviewCase).values(
        kind=kind, subject=subject, amount_fen=amount_fen, detail=dict(detail or {}), opened_at=clock.now()
    )
    await session.execute(case.on_conflict_do_nothing(index_elements=["kind", "subject"]))


async def resolve_case(session: WriteSession, case: UUID, staff_id: int | None, resolution: str) -> None:
    """Raises NotFoundError when there is no such open case."""
    found = await session.scalar(select(ReviewCase).where(ReviewCase.public_id == case).with_for_update())
    if found is None or found.state != "open":
        raise NotFoundError
    found.state, found.resolution = "resolved", resolution
    found.resolved_at, found.resolved_by = clock.now(), staff_id


async def resolve_subject(
    session: WriteSession, kind: str, subject: str, resolution: str, staff_id: int | None = None
) -> None:
    """Closes the open case about a subject, when there is one: the matter ended by itself."""
    one = select(ReviewCase).where(ReviewCase.kind == kind, ReviewCase.subject == subject)
    found = await session.scalar(one.where(ReviewCase.state == "open").with_for_update())
    if found is not None:
        found.state, found.resolution = "resolved", resolution
        found.resolved_at, found.resolved_by = clock.now(), staff_id
