"""JSON API of staff over batches: preview, import, units of physical goods, what became of a batch, export."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Response, UploadFile

from mingsuan import clock
from transactional.accounts.rules import may
from transactional.accounts.schemas import StaffSubject
from transactional.cards import batch_costs, stock_queries
from transactional.cards.card_import import add_stock_units, import_batch, preview_batch
from transactional.cards.errors import WrongKindError
from transactional.cards.examination import BatchFile, RefusedBatchError, end_of
from transactional.cards.export import export_batch
from transactional.cards.schemas import BatchAccount, BatchList, BatchPreview, CardBatchView, NewExport, NewStockUnits
from transactional.edge import AsStaff, Language, Reading, ShopHere, Writing
from transactional.errors import (
    FieldProblem,
    IdempotencyKeyReusedError,
    InvalidInputError,
    MissingIdempotencyKeyError,
    NotAllowedError,
    NotFoundError,
    NotLoggedInError,
    ShopError,
)
from transactional.idempotency import CommandKey, Key, first_time, once
from transactional.problems import responses
from transactional.shop import Shop

router = APIRouter(tags=["staff"])
READ_BY_STAFF: tuple[type[ShopError], ...] = (NotLoggedInError, NotAllowedError, NotFoundError)
DONE_BY_STAFF = (*READ_BY_STAFF, MissingIdempotencyKeyError, IdempotencyKeyReusedError)

Codes = Annotated[
    UploadFile,
    File(description="CSV, TXT or XLSX, one code a row; columns code and, optionally, secret and expires"),
]
SkuCode = Annotated[str, Form()]
Cost = Annotated[int | None, Form(ge=0, le=10_000_000_000, description="Of the whole batch; unknown when left out")]
LastDay = Annotated[date | None, Form(description="Last day on which the codes are good, where a row names no other")]


def allow(member: StaffSubject, act: str) -> None:
    """Raises NotAllowedError."""
    if not may(member.role, act):
        raise NotAllowedError


@router.post("/staff/card-batches/preview", responses=responses(*READ_BY_STAFF, RefusedBatchError, WrongKindError))
async def preview_cards(
    member: AsStaff,
    session: Reading,
    shop: ShopHere,
    language: Language,
    file: Codes,
    sku_code: SkuCode,
    total_cost_fen: Cost = None,
    expires_on: LastDay = None,
) -> BatchPreview:
    """What an import of this file would do, or why it would be refused. Nothing is written."""
    allow(member, "import_cards")
    batch, ends = BatchFile(file.filename or "", await file.read()), _end(shop, expires_on)
    return await preview_batch(session, shop.vault, batch, sku_code, total_cost_fen, shop.zone, ends, language)


@router.post(
    "/staff/card-batches", status_code=201, responses=responses(*DONE_BY_STAFF, RefusedBatchError, WrongKindError)
)
async def import_cards(
    member: AsStaff,
    session: Writing,
    shop: ShopHere,
    key: Key,
    file: Codes,
    sku_code: SkuCode,
    total_cost_fen: Cost = None,
    supplier_name: Annotated[str, Form(max_length=200)] = "",
    expires_on: LastDay = None,
) -> CardBatchView:
    """Import a batch of codes: taken whole, or refused whole with every bad row named."""
    allow(member, "import_cards")
    batch, ends = BatchFile(file.filename or "", await file.read()), _end(shop, expires_on)
    asked = f"batch {batch.sha256.hex()} {sku_code} {total_cost_fen} {supplier_name} {expires_on}"

    async def work() -> CardBatchView:
        return await import_batch(
            session, shop.vault, batch, sku_code, total_cost_fen, supplier_name, shop.zone, member.id, ends
        )

    return await once(session, CommandKey(f"staff:{member.public_id}", key, asked), CardBatchView, work)


@router.post("/staff/stock-units", status_code=201, responses=responses(*DONE_BY_STAFF, WrongKindError))
async def add_units(member: AsStaff, session: Writing, shop: ShopHere, key: Key, new: NewStockUnits) -> CardBatchView:
    """Take units of a physical good into stock."""
    allow(member, "import_cards")

    async def work() -> CardBatchView:
        return await add_stock_units(session, new, shop.zone, member.id, _end(shop, new.expires_on))

    asked = f"units {new.model_dump_json()}"
    return await once(session, CommandKey(f"staff:{member.public_id}", key, asked), CardBatchView, work)


@router.get("/staff/card-batches", responses=responses(NotLoggedInError, NotAllowedError))
async def list_card_batches(
    member: AsStaff,
    session: Reading,
    sku_code: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> BatchList:
    """Batches of codes and units, the newest first, and what became of each."""
    allow(member, "see_cards")
    return await stock_queries.batch_accounts(session, sku_code, clock.now(), limit, offset)


@router.get("/staff/card-batches/{batch_id}", responses=responses(*READ_BY_STAFF))
async def show_card_batch(member: AsStaff, session: Reading, batch_id: UUID) -> BatchAccount:
    """What became of a batch: sold, bad, withdrawn, expired, left; what a good code of it cost."""
    allow(member, "see_cards")
    return await batch_costs.account(session, batch_id)


@router.post(
    "/staff/card-batches/{batch_id}/exports",
    response_class=Response,
    responses={
        **responses(*DONE_BY_STAFF),
        200: {"description": "The codes", "content": {"text/csv": {"schema": {"type": "string"}}}},
    },
)
async def export_cards(
    member: AsStaff, session: Writing, shop: ShopHere, key: Key, batch_id: UUID, new: NewExport
) -> Response:
    """Take a batch's codes out in clear; the act is on record, with its reason, before they are shown."""
    allow(member, "export_cards")
    command = CommandKey(f"staff:{member.public_id}", key, f"export {batch_id} {new.model_dump_json()}")
    repeated = not await first_time(session, command)
    content = await export_batch(
        session, shop.vault, batch_id, new.reason, member.id, delivered=new.delivered, repeated=repeated
    )
    named = f'attachment; filename="codes-{batch_id}.csv"'
    return Response(content, media_type="text/csv", headers={"Content-Disposition": named})


def _end(shop: Shop, expires_on: date | None) -> datetime | None:
    try:
        return None if expires_on is None else end_of(expires_on, shop.zone)
    except ValueError:
        raise InvalidInputError([FieldProblem("expires_on", "Not a date: write it as 2026-12-31.")]) from None
