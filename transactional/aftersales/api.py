"""JSON API of a customer's own cases."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Query, Response, UploadFile

from transactional.aftersales import evidence, opening, service
from transactional.aftersales.errors import (
    CaseClosedError,
    CaseRefusedError,
    EvidenceRefusedError,
    TooManyRequestsError,
    TooMuchEvidenceError,
)
from transactional.aftersales.evidence_files import LARGEST_FILE
from transactional.aftersales.schemas import (
    AftersalesCaseList,
    AftersalesCaseView,
    CaseMoved,
    CaseOpened,
    EvidenceView,
    NewCase,
    NewWords,
    OrderOutlook,
)
from transactional.edge import AsCustomer, Reading, ShopHere, Writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    MissingIdempotencyKeyError,
    NotFoundError,
    NotLoggedInError,
    ShopError,
)
from transactional.idempotency import CommandKey, Key, once
from transactional.problems import responses

router = APIRouter(tags=["after-sales"])
LOOK: tuple[type[ShopError], ...] = (NotLoggedInError, NotFoundError)
COMMAND = (*LOOK, MissingIdempotencyKeyError, IdempotencyKeyReusedError)
FILE = {"schema": {"type": "string", "format": "binary"}}
Attached = Annotated[UploadFile, File(description="JPEG, PNG, WebP or PDF, of at most 5 MB")]


@router.get("/orders/{order_no}/case-outlook", responses=responses(*LOOK))
async def case_outlook(buyer: AsCustomer, session: Reading, order_no: str) -> OrderOutlook:
    """What a case about each unit would lead to, by reason: `refund_now`, `person`, or why it is refused."""
    return await opening.outlook(session, buyer.id, order_no)


@router.post("/cases", status_code=201, responses=responses(*COMMAND, CaseRefusedError, TooManyRequestsError))
async def open_case(body: NewCase, buyer: AsCustomer, shop: ShopHere, session: Writing, key: Key) -> CaseOpened:
    """Ask for help with units of an order. What the refund rule gives in full goes back at once."""

    async def work() -> CaseOpened:
        return await opening.open_case(session, shop.vault, buyer.id, body, (), shop.zone)

    return await once(session, command(buyer.public_id, key, f"open {body.model_dump_json()}"), CaseOpened, work)


@router.get("/cases", responses=responses(NotLoggedInError))
async def list_own_cases(
    buyer: AsCustomer,
    session: Reading,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> AftersalesCaseList:
    """The customer's own cases, open ones first."""
    return await service.cases(session, buyer.id, limit, offset)


@router.get("/cases/{case_id}", responses=responses(*LOOK))
async def show_own_case(buyer: AsCustomer, shop: ShopHere, session: Reading, case_id: UUID) -> AftersalesCaseView:
    """A case with its conversation, evidence and decisions."""
    return await service.case(session, shop.vault, buyer.id, case_id)


@router.post(
    "/cases/{case_id}/messages", status_code=201, responses=responses(*COMMAND, CaseClosedError, TooManyRequestsError)
)
async def write_in_case(
    case_id: UUID, body: NewWords, buyer: AsCustomer, shop: ShopHere, session: Writing, key: Key
) -> CaseMoved:
    """Write to the shop."""

    async def work() -> CaseMoved:
        return await service.write(session, shop.vault, buyer.id, case_id, body.words)

    asked = f"write {case_id} {body.model_dump_json()}"
    return await once(session, command(buyer.public_id, key, asked), CaseMoved, work)


@router.post("/cases/{case_id}/withdrawal", responses=responses(*COMMAND, CaseClosedError))
async def withdraw_case(case_id: UUID, buyer: AsCustomer, session: Writing, key: Key) -> CaseMoved:
    """Give up a case."""

    async def work() -> CaseMoved:
        return await service.withdraw(session, buyer.id, case_id)

    return await once(session, command(buyer.public_id, key, f"withdraw {case_id}"), CaseMoved, work)


@router.post(
    "/cases/{case_id}/evidence",
    status_code=201,
    responses=responses(*COMMAND, CaseClosedError, EvidenceRefusedError, TooMuchEvidenceError),
)
async def attach_evidence(
    case_id: UUID, file: Attached, buyer: AsCustomer, shop: ShopHere, session: Writing, key: Key
) -> EvidenceView:
    """Attach a picture, which the shop draws anew, or a PDF."""
    [content] = await contents([file])
    asked = f"attach {case_id} {evidence.digest(content)}"

    async def work() -> EvidenceView:
        [clean] = await evidence.all_cleaned([content])
        return await service.attach(session, shop.vault, buyer.id, case_id, clean)

    return await once(session, command(buyer.public_id, key, asked), EvidenceView, work)


@router.get(
    "/cases/{case_id}/evidence/{evidence_id}",
    response_class=Response,
    responses={
        **responses(*LOOK),
        200: {"description": "The file", "content": {"image/jpeg": FILE, "application/pdf": FILE}},
    },
)
async def download_evidence(
    buyer: AsCustomer, shop: ShopHere, session: Reading, case_id: UUID, evidence_id: UUID
) -> Response:
    """A file of the customer's own case."""
    return await evidence.download(session, shop.vault, case_id, evidence_id, buyer.id)


def command(customer: UUID, key: str, asked: str) -> CommandKey:
    """A customer's command about cases; of what was asked only a hash is kept."""
    return CommandKey(f"customer:{customer}", key, asked)


async def contents(files: Sequence[UploadFile]) -> list[bytes]:
    """Each read to one byte beyond the limit, so that a larger one is noticed; empty file fields are left out."""
    read = [await file.read(LARGEST_FILE + 1) for file in files]
    return [content for content, file in zip(read, files, strict=True) if content or file.filename]
