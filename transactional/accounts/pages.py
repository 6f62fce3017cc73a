"""Pages of a person's own account: what there is."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from transactional.accounts.schemas import LogInToken
from transactional.web.page import Buyer, OpenPage

router = APIRouter(include_in_schema=False)


@router.get("/account")
async def account(page: OpenPage, buyer: Buyer) -> HTMLResponse:
    return page.show("accounts/account.html", section="account", customer=buyer)


def set_token(answer: Response, cookie: str, token: LogInToken, *, secure: bool) -> None:
    """The log-in in a cookie that scripts cannot read and other sites cannot send with a form."""
    answer.set_cookie(cookie, token.token, expires=token.expires_at, httponly=True, samesite="lax", secure=secure)
