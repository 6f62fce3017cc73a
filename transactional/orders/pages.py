"""Pages of owning: orders, and a code shown by a deliberate act. Buying them is in `payments`."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from transactional.accounts.schemas import CustomerSubject
from transactional.aftersales import service as aftersales
from transactional.benefits import service as benefits
from transactional.cards import service as cards
from transactional.cards.schemas import RevealedCode
from transactional.db import ReadSession, writing
from transactional.errors import NotFoundError
from transactional.logistics import service as logistics
from transactional.orders import fulfilment, service
from transactional.orders.errors import OrderMovedOnError
from transactional.orders.schemas import OrderView
from transactional.orders.wording import progress, state_texts, unit_text
from transactional.web.page import Buyer, OpenPage, Page, PageReading, go

ORDERS_A_PAGE = 20

router = APIRouter(include_in_schema=False)


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
    return await _shown(page, session, buyer, await _order(page, session, buyer, order_no), {})


@router.post("/orders/{order_no}/completion")
async def complete(page: OpenPage, buyer: Buyer, order_no: str) -> RedirectResponse:
    """The customer says that all is well; said twice, or when it is not so any more, the order just shows itself."""
    with suppress(OrderMovedOnError):
        async with writing(page.shop.engine) as session:
            await fulfilment.complete(session, order_no, buyer.id)
    return go(f"/orders/{order_no}")


@router.post("/orders/{order_no}/reveal")
async def reveal(page: OpenPage, buyer: Buyer, order_no: str, unit: Annotated[UUID, Form()]) -> HTMLResponse:
    """The order with one code in clear. Only this answer to a POST ever holds a code, and it is never cached."""
    async with writing(page.shop.engine) as session:
        if unit not in _units(await service.order(session, buyer.id, order_no)):
            raise NotFoundError
        code = await cards.reveal(session, page.shop.vault, buyer.id, unit)
        return await _shown(page, session, buyer, await _order(page, session, buyer, order_no), {unit: code})


async def _order(page: Page, session: ReadSession, buyer: CustomerSubject, order_no: str) -> OrderView:
    return await service.order_with_answers(session, page.shop.vault, buyer.id, order_no)


def _units(order: OrderView) -> set[UUID]:
    return {unit.id for item in order.items for unit in item.units}


async def _shown(
    page: Page,
    session: ReadSession,
    buyer: CustomerSubject,
    order: OrderView,
    revealed: dict[UUID, RevealedCode],
) -> HTMLResponse:
    order_id = await service.order_id(session, buyer.id, order.order_no)
    units = [unit for item in order.items for unit in item.units]
    hidden = [unit for unit in units if unit.is_revealable and not unit.first_revealed_at]
    return page.show(
        "orders/order.html",
        section="orders",
        order=order,
        order_states=state_texts(page.translate),
        unit_texts={unit.id: unit_text(item, unit, page.translate) for item in order.items for unit in item.units},
        progress=progress(order, page.translate),
        revealed={unit_id: revealed.get(unit_id) for unit_id in _units(order)},
        benefits={each.fulfilment_id: each for each in await benefits.of_order(session, buyer.id, order.order_no)},
        parcels=await logistics.parcels_of(session, order_id, page.shop.vault),
        cases=await aftersales.open_cases_of_order(session, buyer.id, order.order_no),
        hidden_count=len(hidden),
        waiting_count=sum(1 for unit in units if unit.state == "waiting" and order.paid_at),
        delivered_count=sum(1 for unit in units if unit.delivered_at),
        back=f"/orders/{order.order_no}",
    )
