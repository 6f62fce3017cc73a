"""Pages of a person's own account: what there is, and the wallet with its statement."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from transactional.accounts import service
from transactional.accounts.schemas import LogInToken
from transactional.accounts.wording import line_text
from transactional.web.page import Buyer, OpenPage, PageReading

LINES_A_PAGE = 30

router = APIRouter(include_in_schema=False)


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


def set_token(answer: Response, cookie: str, token: LogInToken, *, secure: bool) -> None:
    """The log-in in a cookie that scripts cannot read and other sites cannot send with a form."""
    answer.set_cookie(cookie, token.token, expires=token.expires_at, httponly=True, samesite="lax", secure=secure)
