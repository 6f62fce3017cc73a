"""Evidence of a case: attached by its customer, sealed at rest, given back as a download to customer and staff."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from fastapi.responses import Response

from transactional.accounts.persons import personal
from transactional.accounts.persons.personal import ErasedError, Sealed
from transactional.aftersales import queries
from transactional.aftersales.errors import TooMuchEvidenceError
from transactional.aftersales.evidence_files import CleanFile, cleaned
from transactional.aftersales.models import AftersalesCase, AftersalesEvidence
from transactional.aftersales.rules import MOST_EVIDENCE
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError

SUFFIXES = {"image/jpeg": "jpg", "application/pdf": "pdf"}
DOWNLOAD = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


async def all_cleaned(files: Sequence[bytes]) -> tuple[CleanFile, ...]:
    """One picture at a time in this process, off the event loop. Raises EvidenceRefusedError."""
    return tuple([await to_thread.run_sync(cleaned, each, limiter=_one_at_a_time()) for each in files])


async def attach(
    session: WriteSession, vault: Vault, case: AftersalesCase, files: Sequence[CleanFile], at: datetime
) -> list[AftersalesEvidence]:
    """Of a case that the caller has locked. Raises TooMuchEvidenceError."""
    known = await queries.evidence(session, case.id)
    if len(known) + len(files) > MOST_EVIDENCE:
        raise TooMuchEvidenceError(most=MOST_EVIDENCE)
    rows = []
    for file in files:
        values = {"content": base64.b64encode(file.content).decode()}
        sealed = await personal.seal(session, vault, case.customer_id, _place(case.public_id), values)
        row = AftersalesEvidence(
            case_id=case.id,
            media_type=file.media_type,
            size=len(file.content),
            data_key_id=sealed.data_key_id,
            sealed=sealed.content,
            attached_at=at,
        )
        session.add(row)
        await session.flush()
        rows.append(row)
    return rows


async def download(
    session: ReadSession, vault: Vault, case_id: UUID, evidence_id: UUID, customer_id: int | None
) -> Response:
    """The file, which no browser opens as a page. Raises NotFoundError, for erased ones and for other people's too."""
    row = await queries.one_evidence(session, case_id, evidence_id, customer_id)
    if row is None:
        raise NotFoundError
    sealed = Sealed(row.data_key_id, bytes(row.sealed))
    try:
        values = await personal.unseal(session, vault, row.customer_id, _place(row.case_id), sealed)
    except ErasedError:
        raise NotFoundError from None
    named = f'attachment; filename="{evidence_id}.{SUFFIXES[row.media_type]}"'
    return Response(
        base64.b64decode(values["content"]),
        media_type=row.media_type,
        headers={**DOWNLOAD, "Content-Disposition": named},
    )


def digest(content: bytes) -> str:
    """By which the same upload is known again."""
    return hashlib.sha256(content).hexdigest()


def _place(case_id: UUID) -> str:
    return f"case-evidence:{case_id}"


@cache
def _one_at_a_time() -> CapacityLimiter:
    return CapacityLimiter(1)
