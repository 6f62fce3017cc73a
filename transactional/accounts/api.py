"""JSON API of accounts: the wallet; staff log-in and wallet credits."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from transactional.accounts import service
from transactional.accounts.rules import may
from transactional.accounts.schemas import (
    LogIn,
    LogInToken,
    StaffView,
    WalletCredit,
    WalletCreditView,
    WalletView,
)
from transactional.db import writing
from transactional.edge import STAFF_COOKIE, AsCustomer, AsStaff, Reading, ShopHere, Writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    MissingIdempotencyKeyError,
    NotAllowedError,
    NotFoundError,
    NotLoggedInError,
    WrongCredentialsError,
)
from transactional.idempotency import CommandKey, Key, once
from transactional.problems import responses
from transactional.shop import Shop

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


@router.post("/staff/session", tags=["staff"], status_code=201, responses=responses(WrongCredentialsError))
async def log_in_staff(body: LogIn, request: Request, response: Response, shop: ShopHere) -> StaffView:
    """Log in as staff: sets the cookie `mingsuan_staff`."""
    token = await service.log_in_staff(
        shop.engine,
        body.email,
        body.password.get_secret_value(),
        shop.settings.session_days,
        replaces=request.cookies.get(STAFF_COOKIE),
    )
    _set_cookie(response, STAFF_COOKIE, token, shop)
    async with writing(shop.engine) as session:
        return StaffView.model_validate(await service.staff_of(session, token.token))


@router.delete("/staff/session", tags=["staff"], status_code=204, responses=responses())
async def log_out_staff(request: Request, response: Response, session: Writing) -> None:
    """Log out."""
    await service.log_out(session, request.cookies.get(STAFF_COOKIE, ""))
    response.delete_cookie(STAFF_COOKIE)


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


def _set_cookie(response: Response, name: str, token: LogInToken, shop: Shop) -> None:
    """Out of reach of scripts, not sent with other sites' requests, over HTTPS only where the setting says so."""
    response.set_cookie(
        name,
        token.token,
        expires=token.expires_at,
        httponly=True,
        samesite="lax",
        secure=shop.settings.secure_cookies,
    )
