"""The desk's wallets: a customer's statement, and credits for money received or as goodwill, each explained."""

from functools import partial
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.accounts.models import Customer
from transactional.accounts.queries import customer_subject
from transactional.accounts.schemas import CreditSource, CustomerSubject, StaffSubject, WalletCreditView
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen, sentence_of
from transactional.backoffice.roles import may
from transactional.backoffice.wording import amount_hint
from transactional.db import ReadSession, reading, writing
from transactional.errors import NotFoundError, ShopError
from transactional.wallets import service, withdrawal_desk
from transactional.wallets.rules import Room
from transactional.wallets.schemas import StatementLine
from transactional.wallets.wording import line_text
from transactional.web.page import Clerk, DeskPage, Page

LINES = 100

router = APIRouter(prefix="/desk", include_in_schema=False)
router.include_router(withdrawal_desk.router)
may_credit = Depends(may("credit_wallet"))


@router.get("/wallets", dependencies=[may_credit])
async def wallets(page: DeskPage, email: Annotated[str, Query(max_length=254)] = "") -> HTMLResponse:
    return await _shown(page, email)


@router.post("/wallets", dependencies=[may_credit])
async def credit_wallet(
    page: DeskPage,
    clerk: Clerk,
    email: Annotated[str, Form(max_length=254)],
    amount: Annotated[str, Form(max_length=40)],
    source: Annotated[CreditSource, Form()],
    idempotency_key: Annotated[str, Form(min_length=8, max_length=200)],
    reason: Annotated[str, Form(max_length=500)] = "",
) -> HTMLResponse:
    """Credits once for each rendered form, however often it is sent."""
    typed = {"amount": amount, "source": source, "reason": reason}
    try:
        fen = amount_fen("amount", amount, page.shop.currency, page.translate)
        credited = await _credit(page, clerk, email, fen, source, reason.strip(), f"desk:{clerk.id}:{idempotency_key}")
    except RefusedForm as refused:
        return await _shown(page, email, typed, refused.faults)
    except NotFoundError:
        return await _shown(page, email, typed, Faults({"email": _nobody(page)}))
    except IntegrityError:
        fault = page.translate("This form was sent before; it credited once.")
        return await _shown(page, email, typed, fault=fault)
    except ShopError as refusal:
        return await _shown(page, email, typed, fault=sentence_of(refusal, page.language))
    return await _shown(page, email, credited=credited)


async def _credit(
    page: Page, clerk: StaffSubject, email: str, fen: int, source: CreditSource, reason: str, reference: str
) -> WalletCreditView:
    async with writing(page.shop.engine) as session:
        customer = await accounts.customer_named(session, email)
        credited = await accounts.credit_wallet(session, customer, fen, source, reference, page.shop.zone)
        detail = {"amount_fen": fen, "source": source, "reference": reference}
        subject = str(customer.public_id)
        await accounts.record_act(session, clerk.id, "credit_wallet", subject, reason=reason, detail=detail)
        return credited


async def _shown(
    page: Page,
    email: str = "",
    typed: dict[str, str] | None = None,
    faults: Faults | None = None,
    fault: str = "",
    credited: WalletCreditView | None = None,
) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        customer = await _named(session, email)
        room, lines = await _wallet_of(session, page, customer) if customer else (None, ())
    found = faults or Faults({"email": _nobody(page)} if email and customer is None else {})
    return page.show(
        "wallets/desk_wallets.html",
        status=422 if faults or fault else 200,
        tab="wallets",
        idempotency_key=uuid4().hex,
        amount_hint=amount_hint(page.shop.currency, page.translate),
        email=customer.email if customer else email,
        typed={"amount": "", "source": "bank", "reason": "", **(typed or {})},
        faults=found,
        fault=fault,
        credited=credited,
        owner=customer,
        room=room,
        lines=lines,
        most=LINES,
        line_text=partial(line_text, _=page.translate),
    )


async def _wallet_of(
    session: ReadSession, page: Page, customer: CustomerSubject
) -> tuple[Room, tuple[StatementLine, ...]]:
    room = await service.room(session, page.shop, customer.id, clock.now())
    return room, await service.statement(session, (customer.id, customer.public_id), limit=LINES)


async def _named(session: ReadSession, typed: str) -> CustomerSubject | None:
    """By e-mail address, or by the customer's public name as other pages of the desk link here."""
    typed = typed.strip()
    try:
        condition = Customer.public_id == UUID(typed)
    except ValueError:
        condition = func.lower(Customer.email) == typed.lower()
    found = await session.scalar(select(Customer).where(condition)) if typed else None
    return customer_subject(found) if found else None


def _nobody(page: Page) -> str:
    return page.translate("No customer has this e-mail address")
