"""Forms that customers send about their cases: each does its work once, and a refused one keeps what was typed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Path, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse

from transactional.aftersales import evidence, opening, pages, service
from transactional.aftersales.api import command, contents
from transactional.aftersales.errors import CaseRefusedError
from transactional.aftersales.rules import REASONS
from transactional.aftersales.schemas import CaseMoved, CaseOpened, NewCase
from transactional.db import reading, writing
from transactional.errors import NotFoundError, ShopError
from transactional.idempotency import once
from transactional.web.page import Buyer, OpenPage, go

router = APIRouter(include_in_schema=False)
FormKey = Annotated[str, Form(alias="idempotency_key", min_length=8, max_length=160)]
Words = Annotated[str, Form(max_length=2000)]
Files = Annotated[list[UploadFile], File(max_length=pages.FILES_AT_ONCE)]


@router.post("/orders/{order_no}/help", response_model=None)
async def open_case(
    page: OpenPage,
    buyer: Buyer,
    order_no: Annotated[str, Path(max_length=64)],
    key: FormKey,
    unit: Annotated[list[UUID], Form(max_length=100)],
    reason: Annotated[str, Form(max_length=40)],
    words: Words = "",
    files: Files = [],  # noqa: B006  (FastAPI copies it)
) -> HTMLResponse | RedirectResponse:
    if reason not in REASONS or not unit:
        raise NotFoundError
    new = NewCase.model_validate({"order_no": order_no, "unit_ids": unit, "reason": reason, "words": words})
    try:
        given = await contents(files)
        clean = await evidence.all_cleaned(given)
        async with writing(page.shop.engine) as session:

            async def work() -> CaseOpened:
                return await opening.open_case(session, page.shop.vault, buyer.id, new, clean, page.shop.zone)

            asked = f"open {new.model_dump_json()} {[evidence.digest(content) for content in given]}"
            opened = await once(session, command(buyer.public_id, f"form:{key}", asked), CaseOpened, work)
    except CaseRefusedError:
        return await pages.asking_again(page, buyer.id, order_no, unit, reason, words, "")
    except ShopError as refusal:
        if isinstance(refusal, NotFoundError):
            raise
        fault = refusal.sentence(page.language)
        return await pages.asking_again(page, buyer.id, order_no, unit, reason, words, fault)
    return go(f"/cases/{opened.id}")


@router.post("/cases/{case_id}/messages", response_model=None)
async def write(
    page: OpenPage,
    buyer: Buyer,
    case_id: UUID,
    key: FormKey,
    words: Words = "",
    files: Files = [],  # noqa: B006
) -> HTMLResponse | RedirectResponse:
    """Words, files or both; an empty form says so."""
    try:
        given = await contents(files)
        if not words.strip() and not given:
            return await _again(page, buyer.id, case_id, words, page.translate("Write something, or attach a file."))
        clean = await evidence.all_cleaned(given)
        async with writing(page.shop.engine) as session:

            async def work() -> CaseMoved:
                return await service.write(session, page.shop.vault, buyer.id, case_id, words, clean)

            asked = f"write {case_id} {words} {[evidence.digest(content) for content in given]}"
            await once(session, command(buyer.public_id, f"form:{key}", asked), CaseMoved, work)
    except NotFoundError:
        raise
    except ShopError as refusal:
        return await _again(page, buyer.id, case_id, words, refusal.sentence(page.language))
    return go(f"/cases/{case_id}#newest")


@router.post("/cases/{case_id}/withdraw", response_model=None)
async def withdraw(page: OpenPage, buyer: Buyer, case_id: UUID) -> HTMLResponse | RedirectResponse:
    """Sent twice, it is withdrawn once."""
    try:
        async with writing(page.shop.engine) as session:
            await service.withdraw(session, buyer.id, case_id)
    except NotFoundError:
        raise
    except ShopError as refusal:
        return await _again(page, buyer.id, case_id, "", refusal.sentence(page.language))
    return go(f"/cases/{case_id}")


async def _again(page: OpenPage, customer_id: int, case_id: UUID, words: str, fault: str) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        return await pages.shown(page, session, customer_id, case_id, words=words, fault=fault)
