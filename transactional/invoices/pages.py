"""Pages of a customer's invoices (发票): ask for one over paid orders, see how it stands, download it."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock
from transactional.accounts.schemas import CustomerSubject
from transactional.backoffice.forms import Faults, faults_of
from transactional.db import reading, writing
from transactional.errors import ShopError
from transactional.invoices import service
from transactional.invoices.schemas import Buyer as InvoiceBuyer
from transactional.invoices.schemas import Kind
from transactional.invoices.wording import invoice_states, kind_names
from transactional.web.page import Buyer, OpenPage, Page, PageReading, go

MEDIA_TYPES = {"pdf": "application/pdf", "ofd": "application/ofd"}

router = APIRouter(include_in_schema=False)
Typed = Annotated[str, Form(max_length=300)]


@router.get("/invoices")
async def invoices(page: OpenPage, buyer: Buyer, order: Annotated[list[str], Query()] = []) -> HTMLResponse:  # noqa: B006
    """What was asked for, and a form; `order` marks orders, as their own pages link here."""
    return await _shown(page, buyer, {"order": order[:50]})


@router.post("/invoices")
async def ask(
    page: OpenPage,
    buyer: Buyer,
    idempotency_key: Annotated[str, Form(min_length=8, max_length=200)],
    kind: Annotated[Kind, Form()],
    title: Typed = "",
    tax_no: Typed = "",
    email: Typed = "",
    order: Annotated[list[str], Form()] = [],  # noqa: B006
) -> Response:
    """Asks once for each rendered form. Refused, the same page says why."""
    typed = {"kind": kind, "title": title, "tax_no": tax_no, "email": email, "order": order[:100]}
    named = InvoiceBuyer(kind, title, tax_no, email)
    try:
        async with writing(page.shop.engine) as session:
            made = await service.request(session, page.shop, buyer, order[:100], named, idempotency_key)
    except ShopError as refusal:
        return await _shown(page, buyer, typed, refusal)
    return go(f"/invoices/{made}")


@router.get("/invoices/{invoice_id}")
async def invoice(page: OpenPage, buyer: Buyer, session: PageReading, invoice_id: UUID) -> HTMLResponse:
    found = await service.invoice(session, invoice_id, buyer.id)
    return page.show(
        "invoices/invoice.html",
        section="account",
        invoice=found,
        named=await service.buyer_of(session, page.shop, invoice_id),
        goods=await service.goods(session, invoice_id),
        standing=invoice_states(page.translate)[found.state],
        kinds=kind_names(page.translate),
    )


@router.get("/invoices/{invoice_id}/file")
async def file(page: OpenPage, buyer: Buyer, session: PageReading, invoice_id: UUID) -> Response:
    """The invoice itself, of its own customer only."""
    found = await service.invoice(session, invoice_id, buyer.id)
    content = await service.file_of(session, page.shop, invoice_id)
    return file_answer(content, found.file_type or "pdf", found.number or str(found.id))


def file_answer(content: bytes, file_type: str, name: str) -> Response:
    """A download that no browser shows inside the shop's pages."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{file_type}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=MEDIA_TYPES[file_type], headers=headers)


async def _shown(
    page: Page, buyer: CustomerSubject, typed: Mapping[str, object], refusal: ShopError | None = None
) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        asked = await service.of_customer(session, buyer.id)
        days = page.shop.settings.invoice_days
        orders = await service.invoiceable(session, buyer.id, days, clock.now())
    faults = faults_of(refusal, page.language) if refusal else Faults()
    return page.show(
        "invoices/invoices.html",
        status=refusal.status if refusal else 200,
        section="account",
        asked=asked,
        orders=orders,
        days=days,
        states=invoice_states(page.translate),
        kinds=kind_names(page.translate),
        typed={"kind": "person", "title": "", "tax_no": "", "email": buyer.email, "order": [], **typed},
        faults=faults,
        fault=refusal.sentence(page.language) if refusal and not faults else "",
        idempotency_key=uuid4().hex,
        back="/invoices",
    )
