"""Pages of buying and owning: checkout, orders, and a code shown by a deliberate act."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from transactional.accounts import service as accounts
from transactional.accounts.schemas import CustomerSubject
from transactional.cards import service as cards
from transactional.cards.schemas import RevealedCode
from transactional.catalogue import service as catalogue
from transactional.catalogue.quote import Quote, units
from transactional.db import ReadSession, reading, writing
from transactional.errors import NotFoundError, ShopError, UnavailableProductError
from transactional.orders import service
from transactional.orders.schemas import OrderView
from transactional.orders.wording import progress, state_texts, unit_state_texts
from transactional.web.page import Buyer, OpenPage, Page, PageReading, go

ORDERS_A_PAGE = 20

router = APIRouter(include_in_schema=False)


@router.get("/checkout")
async def checkout(page: OpenPage, buyer: Buyer, session: PageReading, sku: UUID, quantity: str = "1") -> HTMLResponse:
    return await _checkout(page, buyer, session, sku, units(quantity), key=uuid4().hex)


@router.post("/checkout", response_model=None)
async def buy(
    page: OpenPage,
    buyer: Buyer,
    sku: Annotated[UUID, Form()],
    quantity: Annotated[str, Form()],
    total_fen: Annotated[int, Form()],
    idempotency_key: Annotated[str, Form(min_length=8, max_length=200)],
) -> HTMLResponse | RedirectResponse:
    """Buys at the total that was shown. Refused, the same page says why under a new key: nothing was charged."""
    try:
        placed = await page.shop.intake.buy(buyer.id, sku, units(quantity), idempotency_key, total_fen)
    except ShopError as refusal:
        async with reading(page.shop.engine) as session:
            fault = refusal.sentence(page.language)
            return await _checkout(page, buyer, session, sku, units(quantity), uuid4().hex, fault, refusal.status)
    return go(f"/orders/{placed.order_no}")


async def _checkout(
    page: Page,
    buyer: CustomerSubject,
    session: ReadSession,
    sku_id: UUID,
    quantity: int,
    key: str,
    fault: str = "",
    status: int = 200,
) -> HTMLResponse:
    product, sku = await catalogue.product_of_sku(session, sku_id)
    if sku.list_price_fen is None:
        raise UnavailableProductError
    offered = Quote(sku, quantity)
    balance_fen = (await accounts.wallet(session, buyer.id, page.shop.currency, limit=0)).balance_fen
    return page.show(
        "orders/checkout.html",
        status=status,
        product=product,
        quote=offered,
        balance_fen=balance_fen,
        short_fen=offered.total_fen - balance_fen,
        idempotency_key=key,
        fault=fault,
        back=f"/checkout?sku={sku_id}&quantity={quantity}",
    )


@router.get("/orders")
async def orders(
    page: OpenPage, buyer: Buyer, session: PageReading, number: Annotated[int, Query(alias="page", ge=1)] = 1
) -> HTMLResponse:
    offset = (number - 1) * ORDERS_A_PAGE
    found = await service.orders(session, buyer.id, limit=ORDERS_A_PAGE, offset=offset)
    return page.show(
        "orders/orders.html",
        section="orders",
        orders=found.items,
        order_states=state_texts(page.translate),
        page=number,
        more=offset + len(found.items) < found.total,
    )


@router.get("/orders/{order_no}")
async def order(page: OpenPage, buyer: Buyer, session: PageReading, order_no: str) -> HTMLResponse:
    return _shown(page, await service.order(session, buyer.id, order_no), {})


@router.post("/orders/{order_no}/reveal")
async def reveal(page: OpenPage, buyer: Buyer, order_no: str, unit: Annotated[UUID, Form()]) -> HTMLResponse:
    """The order with one code in clear. Only this answer to a POST ever holds a code, and it is never cached."""
    async with writing(page.shop.engine) as session:
        if unit not in _units(await service.order(session, buyer.id, order_no)):
            raise NotFoundError
        code = await cards.reveal(session, page.shop.vault, buyer.id, unit)
        found = await service.order(session, buyer.id, order_no)
    return _shown(page, found, {unit: code})


def _units(order: OrderView) -> set[UUID]:
    return {unit.id for item in order.items for unit in item.units}


def _shown(page: Page, order: OrderView, revealed: dict[UUID, RevealedCode]) -> HTMLResponse:
    hidden = [unit for item in order.items for unit in item.units if unit.is_revealable and not unit.first_revealed_at]
    return page.show(
        "orders/order.html",
        section="orders",
        order=order,
        order_states=state_texts(page.translate),
        unit_states=unit_state_texts(page.translate),
        progress=progress(order, page.translate),
        revealed={unit_id: revealed.get(unit_id) for unit_id in _units(order)},
        hidden_count=len(hidden),
        back=f"/orders/{order.order_no}",
    )
