"""The cart: what somebody put aside to buy, at today's prices. Buying it is the checkout's, in `payments`."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse

from mingsuan import clock
from transactional.catalogue.quote import units
from transactional.db import ReadSession, writing
from transactional.orders import cart
from transactional.orders.cart_schemas import CartView
from transactional.orders.schemas import MAX_QUANTITY
from transactional.web.page import Buyer, OpenPage, Page, PageReading, go

router = APIRouter(include_in_schema=False)


@router.get("/cart")
async def show(page: OpenPage, buyer: Buyer, session: PageReading) -> HTMLResponse:
    return _shown(page, await cart.show(session, buyer.id, clock.now()))


@router.post("/cart")
async def put(
    page: OpenPage,
    buyer: Buyer,
    sku: Annotated[UUID, Form()],
    quantity: Annotated[str, Form(max_length=10)] = "1",
    act: Annotated[Literal["add", "set", "remove"], Form()] = "set",
) -> RedirectResponse:
    """Sets a line to a quantity, so that sending it twice is the same; "add" makes a line, or raises a smaller one."""
    wanted = 0 if act == "remove" else units(quantity)
    async with writing(page.shop.engine) as session:
        if act == "add":
            wanted = max(wanted, await _in_cart(session, buyer.id, sku))
        await cart.put(session, buyer.id, sku, wanted, clock.now())
    return go("/cart")


async def _in_cart(session: ReadSession, customer_id: int, sku: UUID) -> int:
    lines = (await cart.show(session, customer_id, clock.now())).items
    return next((line.quantity for line in lines if line.sku_id == sku), 0)


def _shown(page: Page, found: CartView) -> HTMLResponse:
    return page.show(
        "orders/cart.html",
        section="cart",
        cart=found,
        buyable=sum(1 for line in found.items if not line.problem),
        max_quantity=MAX_QUANTITY,
    )
