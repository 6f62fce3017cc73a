"""JSON API of accounts: the wallet, and its credits by staff."""

from typing import Annotated

from fastapi import APIRouter, Query

from transactional.accounts import service
from transactional.accounts.rules import may
from transactional.accounts.schemas import (
    WalletCredit,
    WalletCreditView,
    WalletView,
)
from transactional.edge import AsCustomer, AsStaff, Reading, ShopHere, Writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    MissingIdempotencyKeyError,
    NotAllowedError,
    NotFoundError,
    NotLoggedInError,
)
from transactional.idempotency import CommandKey, Key, once
from transactional.problems import responses

router = APIRouter()


@router.get("/wallet", tags=["accounts"], responses=responses(NotLoggedInError))
async def show_wallet(
    customer: AsCustomer,
    session: Reading,
    shop: ShopHere,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> WalletView:
    """Balance and statement, newest line first."""
    return await service.wallet(session, customer.id, shop.currency, limit=limit, offset=offset)


@router.post(
    "/staff/wallet-credits",
    tags=["staff"],
    status_code=201,
    responses=responses(
        NotLoggedInError,
        NotAllowedError,
        NotFoundError,
        MissingIdempotencyKeyError,
        IdempotencyKeyReusedError,
    ),
)
async def credit_wallet(
    body: WalletCredit, member: AsStaff, session: Writing, shop: ShopHere, key: Key
) -> WalletCreditView:
    """Credit a customer's wallet, posted to the ledger."""
    if not may(member.role, "credit_wallet"):
        raise NotAllowedError
    subject = f"staff:{member.public_id}"

    async def work() -> WalletCreditView:
        customer = await service.customer_named(session, body.customer_email)
        return await service.credit_wallet(
            session, customer, body.amount_fen, body.source, f"{subject}:{key}", shop.zone
        )

    return await once(session, CommandKey(subject, key, f"credit {body.model_dump_json()}"), WalletCreditView, work)
