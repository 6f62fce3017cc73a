"""The desk's page for crediting wallets."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import IntegrityError

from transactional.accounts import service as accounts
from transactional.accounts.schemas import CreditSource, WalletCreditView
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen, sentence_of
from transactional.backoffice.roles import may
from transactional.backoffice.wording import amount_hint
from transactional.db import writing
from transactional.errors import NotFoundError, ShopError
from transactional.web.page import Clerk, DeskPage, Page

router = APIRouter(prefix="/desk", include_in_schema=False)
may_credit = Depends(may("credit_wallet"))


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
