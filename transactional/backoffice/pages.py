"""The operator desk: staff log in, look at recent orders, credit wallets. Products and cards have their own pages."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.exc import IntegrityError

from transactional.accounts import service as accounts
from transactional.accounts.pages import set_token
from transactional.accounts.schemas import CreditSource, WalletCreditView
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen, sentence_of
from transactional.backoffice.roles import may
from transactional.backoffice.wording import amount_hint
from transactional.db import writing
from transactional.edge import STAFF_COOKIE
from transactional.errors import NotFoundError, ShopError
from transactional.web.page import Clerk, DeskPage, OpenPage, Page, go, own_address

router = APIRouter(prefix="/desk", include_in_schema=False)
may_credit = Depends(may("credit_wallet"))


@router.get("/log-in")
async def log_in_form(page: OpenPage, next: str = "/desk") -> HTMLResponse:  # noqa: A002  (public name)
    return page.show("backoffice/log_in.html", next=own_address(next, "/desk"), email="", fault="", tab="")


@router.post("/log-in")
async def log_in(
    page: OpenPage,
    email: Annotated[str, Form(max_length=254)],
    password: Annotated[str, Form(max_length=1024)],
    next: Annotated[str, Form(max_length=2000)] = "/desk",  # noqa: A002
) -> Response:
    address = own_address(next, "/desk")
    settings = page.shop.settings
    former = page.request.cookies.get(STAFF_COOKIE)
    try:
        token = await accounts.log_in_staff(page.shop.engine, email, password, settings.session_days, replaces=former)
    except ShopError as refusal:
        fault = refusal.sentence(page.language)
        return page.show(
            "backoffice/log_in.html", status=refusal.status, next=address, email=email, fault=fault, tab=""
        )
    answer = go(address)
    set_token(answer, STAFF_COOKIE, token, secure=settings.secure_cookies)
    return answer


@router.post("/log-out")
async def log_out(page: OpenPage) -> RedirectResponse:
    token = page.request.cookies.get(STAFF_COOKIE)
    if token:
        async with writing(page.shop.engine) as session:
            await accounts.log_out(session, token)
    answer = go("/desk/log-in")
    answer.delete_cookie(STAFF_COOKIE)
    return answer


@router.get("/wallets", dependencies=[may_credit])
async def wallets(page: DeskPage, email: str = "") -> HTMLResponse:
    return _wallets(page, email)


@router.post("/wallets", dependencies=[may_credit])
async def credit_wallet(
    page: DeskPage,
    clerk: Clerk,
    email: Annotated[str, Form(max_length=254)],
    amount: Annotated[str, Form(max_length=40)],
    source: Annotated[CreditSource, Form()],
    idempotency_key: Annotated[str, Form(min_length=8, max_length=200)],
) -> HTMLResponse:
    """Credits once for each rendered form, however often it is sent."""
    try:
        fen = amount_fen("amount", amount, page.shop.currency, page.translate)
        credited = await _credit(page, email, fen, source, f"desk:{clerk.id}:{idempotency_key}")
    except RefusedForm as refused:
        return _wallets(page, email, amount, source, refused.faults)
    except NotFoundError:
        faults = Faults({"email": page.translate("No customer has this e-mail address")})
        return _wallets(page, email, amount, source, faults)
    except IntegrityError:
        return _wallets(
            page, email, amount, source, fault=page.translate("This form was sent before; it credited once.")
        )
    except ShopError as refusal:
        return _wallets(page, email, amount, source, fault=sentence_of(refusal, page.language))
    return _wallets(page, email, credited=credited)


async def _credit(page: Page, email: str, fen: int, source: CreditSource, reference: str) -> WalletCreditView:
    async with writing(page.shop.engine) as session:
        customer = await accounts.customer_named(session, email)
        return await accounts.credit_wallet(session, customer, fen, source, reference, page.shop.zone)


def _wallets(
    page: Page,
    email: str = "",
    amount: str = "",
    source: str = "bank",
    faults: Faults | None = None,
    fault: str = "",
    credited: WalletCreditView | None = None,
) -> HTMLResponse:
    return page.show(
        "backoffice/wallets.html",
        status=422 if faults or fault else 200,
        tab="wallets",
        idempotency_key=uuid4().hex,
        amount_hint=amount_hint(page.shop.currency, page.translate),
        email=email,
        amount=amount,
        source=source,
        faults=faults or Faults(),
        fault=fault,
        credited=credited,
    )
