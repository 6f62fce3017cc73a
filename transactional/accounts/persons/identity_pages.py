"""Pages of the identity check: the customer's own, and the desk's for requests that staff decide."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select

from transactional.accounts.models import Customer
from transactional.accounts.persons import identity, identity_checks
from transactional.accounts.persons.models import IdentityCheck
from transactional.accounts.persons.wording import identity_reasons
from transactional.backoffice.roles import may
from transactional.compliance import profile
from transactional.db import reading, writing
from transactional.errors import InvalidInputError, NotFoundError, ShopError
from transactional.web.page import Buyer, Clerk, DeskPage, OpenPage, Page, PageReading, go

router = APIRouter(include_in_schema=False)
HOME = "/account/identity"
may_decide = Depends(may("decide_identity"))
FIELDS = ("name", "number", "agreed")


@router.get(HOME)
async def shown(page: OpenPage, buyer: Buyer) -> HTMLResponse:
    return await _form(page, buyer.id, "")


@router.post(HOME)
async def ask(
    page: OpenPage,
    buyer: Buyer,
    idempotency_key: Annotated[str, Form(min_length=8, max_length=190)],
    name: Annotated[str, Form(max_length=60)] = "",
    number: Annotated[str, Form(max_length=40)] = "",
    agreed: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Once for each rendered form; the number is never shown again, not even in the refused form."""
    try:
        if not agreed:
            raise InvalidInputError([identity_checks.NOT_AGREED])
        await identity_checks.ask(page.shop, buyer.id, name, number, idempotency_key, page.language)
    except ShopError as refusal:
        return await _form(page, buyer.id, name, refusal)
    return go(HOME)


async def _form(page: Page, customer_id: int, name: str, refusal: ShopError | None = None) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        standing = await identity.standing(session, page.shop.vault, customer_id)
    faults = dict.fromkeys(FIELDS, "")
    faults |= {problem.place: problem.sentence(page.language) for problem in refusal.problems} if refusal else {}
    terms = profile(page.shop.settings.compliance)
    return page.show(
        "accounts/identity.html",
        status=refusal.status if refusal else 200,
        section="account",
        standing=standing,
        reasons=identity_reasons(page.translate),
        kept_days=terms.identity_kept_days,
        name=name,
        faults=faults,
        fault=refusal.sentence(page.language) if refusal else "",
        idempotency_key=uuid4().hex,
        back=HOME,
    )


@router.get("/desk/identity/{check}", dependencies=[may_decide])
async def to_decide(page: DeskPage, session: PageReading, check: UUID) -> HTMLResponse:
    """Name and number in clear, for those who decide; not found once they are not kept any more."""
    row = await session.scalar(select(IdentityCheck).where(IdentityCheck.public_id == check))
    if row is None or row.sealed is None:
        raise NotFoundError
    customer = await session.get_one(Customer, row.customer_id)
    return page.show(
        "accounts/identity_decision.html",
        tab="review",
        check=row,
        is_open=row.state in identity.OPEN,
        given=await identity.opened(session, page.shop.vault, row),
        customer_id=customer.public_id,
        reasons=identity_reasons(page.translate),
    )


@router.post("/desk/identity/{check}", dependencies=[may_decide])
async def decide(
    page: DeskPage, clerk: Clerk, check: UUID, verdict: Annotated[str, Form(pattern="^(verified|refused)$")]
) -> RedirectResponse:
    async with writing(page.shop.engine) as session:
        await identity_checks.decide(session, page.shop, check, clerk.id, verified=verdict == "verified")
    return go(f"/desk/identity/{check}")
