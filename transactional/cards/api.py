"""JSON API of the card pool: revealing a code to its owner, taking a batch in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile

from transactional.accounts.rules import may
from transactional.cards import service
from transactional.cards.card_import import import_batch
from transactional.cards.errors import TooManyRevealsError
from transactional.cards.examination import BatchFile, RefusedBatchError
from transactional.cards.schemas import CardBatchView, RevealedCode
from transactional.edge import AsCustomer, AsStaff, ShopHere, Writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    MissingIdempotencyKeyError,
    NotAllowedError,
    NotFoundError,
    NotLoggedInError,
)
from transactional.idempotency import CommandKey, Key, first_time, once
from transactional.problems import responses

router = APIRouter()


@router.post(
    "/fulfilments/{fulfilment_id}/reveals",
    tags=["orders"],
    status_code=201,
    responses=responses(
        NotLoggedInError, NotFoundError, TooManyRevealsError, MissingIdempotencyKeyError, IdempotencyKeyReusedError
    ),
)
async def reveal_code(
    fulfilment_id: UUID, customer: AsCustomer, session: Writing, shop: ShopHere, key: Key
) -> RevealedCode:
    """Show the code of a delivered unit to its owner. Each act is logged; no other answer holds a code."""
    command = CommandKey(f"customer:{customer.id}", key, f"reveal {fulfilment_id}")
    repeated = not await first_time(session, command)
    return await service.reveal(session, shop.vault, customer.id, fulfilment_id, repeated=repeated)


@router.post(
    "/staff/card-batches",
    tags=["staff"],
    status_code=201,
    responses=responses(
        NotLoggedInError,
        NotAllowedError,
        NotFoundError,
        RefusedBatchError,
        MissingIdempotencyKeyError,
        IdempotencyKeyReusedError,
    ),
)
async def import_cards(
    member: AsStaff,
    session: Writing,
    shop: ShopHere,
    key: Key,
    file: Annotated[UploadFile, File(description="CSV or XLSX, one code a row; columns code and, optionally, secret")],
    sku_code: Annotated[str, Form()],
    total_cost_fen: Annotated[int | None, Form(ge=0, le=10_000_000_000)] = None,
    supplier_name: Annotated[str, Form(max_length=200)] = "",
) -> CardBatchView:
    """Import a batch of codes: taken whole, or refused whole with every bad row named."""
    if not may(member.role, "import_cards"):
        raise NotAllowedError
    batch = BatchFile(file.filename or "", await file.read())
    asked = f"batch {batch.sha256.hex()} {sku_code} {total_cost_fen} {supplier_name}"

    async def work() -> CardBatchView:
        return await import_batch(
            session, shop.vault, batch, sku_code, total_cost_fen, supplier_name, shop.zone, member.id
        )

    return await once(session, CommandKey(f"staff:{member.public_id}", key, asked), CardBatchView, work)
