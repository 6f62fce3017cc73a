"""Pages of a person's own account: register, log in and out, wallet with its statement."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from transactional.accounts import service
from transactional.accounts.schemas import LogInToken
from transactional.accounts.wording import line_text
from transactional.db import writing
from transactional.edge import CUSTOMER_COOKIE
from transactional.errors import ShopError
from transactional.web.page import Buyer, OpenPage, Page, PageReading, go, own_address, with_next

LINES_A_PAGE = 30

router = APIRouter(include_in_schema=False)
Email = Annotated[str, Form(max_length=254)]
Password = Annotated[str, Form(max_length=1024)]
Next = Annotated[str, Form(max_length=2000)]


@router.get("/register")
async def registration(page: OpenPage, next: str = "/") -> Response:  # noqa: A002  (the parameter's public name)
    return go(own_address(next)) if page.customer else _form(page, "accounts/register.html", next)


@router.post("/register")
async def register(page: OpenPage, email: Email, password: Password, next: Next = "/") -> Response:  # noqa: A002
    try:
        draft = await service.draft_registration(email, password, "")
        async with writing(page.shop.engine) as session:
            await service.add_customer(session, draft)
    except ShopError as refusal:
        return _form(page, "accounts/register.html", next, email, refusal)
    return await _logged_in(page, email, password, next)


@router.get("/log-in")
async def log_in_form(page: OpenPage, next: str = "/") -> Response:  # noqa: A002
    return go(own_address(next)) if page.customer else _form(page, "accounts/log_in.html", next)


@router.post("/log-in")
async def log_in(page: OpenPage, email: Email, password: Password, next: Next = "/") -> Response:  # noqa: A002
    try:
        return await _logged_in(page, email, password, next)
    except ShopError as refusal:
        return _form(page, "accounts/log_in.html", next, email, refusal)


@router.post("/log-out")
async def log_out(page: OpenPage) -> RedirectResponse:
    token = page.request.cookies.get(CUSTOMER_COOKIE)
    if token:
        async with writing(page.shop.engine) as session:
            await service.log_out(session, token)
    answer = go("/")
    answer.delete_cookie(CUSTOMER_COOKIE)
    return answer


@router.get("/account")
async def account(page: OpenPage, buyer: Buyer) -> HTMLResponse:
    return page.show("accounts/account.html", section="account", customer=buyer)


@router.get("/wallet")
async def wallet(
    page: OpenPage, buyer: Buyer, session: PageReading, number: Annotated[int, Query(alias="page", ge=1)] = 1
) -> HTMLResponse:
    offset = (number - 1) * LINES_A_PAGE
    shown = await service.wallet(session, buyer.id, page.shop.currency, limit=LINES_A_PAGE + 1, offset=offset)
    return page.show(
        "accounts/wallet.html",
        section="wallet",
        wallet=shown,
        lines=shown.lines[:LINES_A_PAGE],
        line_text=partial(line_text, _=page.translate),
        page=number,
        more=len(shown.lines) > LINES_A_PAGE,
    )


async def _logged_in(page: Page, email: str, password: str, address: str) -> RedirectResponse:
    settings = page.shop.settings
    former = page.request.cookies.get(CUSTOMER_COOKIE)
    token = await service.log_in(page.shop.engine, email, password, settings.session_days, replaces=former)
    answer = go(own_address(address))
    set_token(answer, CUSTOMER_COOKIE, token, secure=settings.secure_cookies)
    return answer


def set_token(answer: Response, cookie: str, token: LogInToken, *, secure: bool) -> None:
    """The log-in in a cookie that scripts cannot read and other sites cannot send with a form."""
    answer.set_cookie(cookie, token.token, expires=token.expires_at, httponly=True, samesite="lax", secure=secure)


def _form(page: Page, template: str, address: str, email: str = "", refusal: ShopError | None = None) -> HTMLResponse:
    """The empty form, or the refused one with every reason."""
    reasons = [problem.sentence(page.language) for problem in refusal.problems] if refusal else []
    fault = " ".join(reasons) or (refusal.sentence(page.language) if refusal else "")
    own = own_address(address)
    return page.show(
        template,
        status=refusal.status if refusal else 200,
        section="account",
        next=own,
        next_query="" if own == "/" else with_next("", own),
        email=email,
        fault=fault,
    )
