"""Pages of paying an order at a gateway: choose a way, scan or follow, and be told when the money has come.

Whether it has come is the shop's own knowledge; coming back from a gateway proves nothing.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit
from uuid import uuid4

import segno
from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from mingsuan import clock
from transactional.db import ReadSession, reading, writing
from transactional.edge import client_address
from transactional.errors import ShopError
from transactional.orders import service as orders
from transactional.orders.errors import OrderMovedOnError
from transactional.orders.schemas import OrderView
from transactional.payments import service
from transactional.payments.cancelling import give_up
from transactional.payments.doors import Door, doors, is_wechats_own, method_names, payment_by
from transactional.payments.schemas import PaymentView
from transactional.payments.start import start
from transactional.security import CONTENT_POLICY
from transactional.web.page import Buyer, OpenPage, Page, PageReading, go

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """How paying an order stands: the attempt under way, if any, and whole minutes left."""

    order: OrderView
    attempt: PaymentView | None
    minutes_left: int

    @property
    def is_open(self) -> bool:
        return self.order.state == "pending_payment"


@router.get("/orders/{order_no}/pay")
async def pay(page: OpenPage, buyer: Buyer, session: PageReading, order_no: str) -> Response:
    """The attempt under way, or the ways there are; an order that is not to be paid shows itself."""
    standing = await _standing(session, order_no, buyer.id)
    return _shown(page, standing) if standing.is_open else go(f"/orders/{order_no}")


@router.post("/orders/{order_no}/pay")
async def begin(
    page: OpenPage,
    buyer: Buyer,
    order_no: str,
    door: Annotated[str, Form(max_length=80)],
    idempotency_key: Annotated[str, Form(min_length=8, max_length=200)],
) -> Response:
    """Asks the gateway for a way to pay. Refused, the same page says why: nothing was charged."""
    address = client_address(page.request)
    try:
        await start(page.shop, buyer, order_no, payment_by(door), address, idempotency_key)
    except ShopError as refusal:
        async with reading(page.shop.engine) as session:
            standing = await _standing(session, order_no, buyer.id)
        return _shown(page, standing, refusal.sentence(page.language), refusal.status)
    return go(f"/orders/{order_no}/pay")


@router.post("/orders/{order_no}/cancel")
async def cancel(page: OpenPage, buyer: Buyer, order_no: str) -> Response:
    """Gives up what is not handed over yet; handed over meanwhile, it stays and shows itself."""
    with suppress(OrderMovedOnError):
        async with writing(page.shop.engine) as session:
            await give_up(session, order_no, buyer.id, clock.now(), page.shop.zone)
    return go(f"/orders/{order_no}")


@router.get("/orders/{order_no}/pay/state")
async def state(page: OpenPage, buyer: Buyer, session: PageReading, order_no: str) -> Response:
    """Asked every few seconds: the time that is left, or the way to what was bought."""
    standing = await _standing(session, order_no, buyer.id)
    if not standing.is_open:
        return Response(headers={"HX-Redirect": f"/orders/{order_no}"})
    return page.show("payments/_state.html", standing=standing)


async def _standing(session: ReadSession, order_no: str, customer_id: int) -> Standing:
    order = await orders.order(session, customer_id, order_no)
    attempts = await service.of_order(session, order_no, customer_id)
    usable = (attempt for attempt in attempts if attempt.link or attempt.state == "created")
    left = (order.pay_by - clock.now()).total_seconds() if order.pay_by else 0
    return Standing(order, next(usable, None), max(0, int(left // 60)))


def _shown(page: Page, standing: Standing, fault: str = "", status: int = 200) -> HTMLResponse:
    agent = page.request.headers.get("user-agent", "")
    link = standing.attempt.link if standing.attempt else None
    answer = page.show(
        "payments/pay.html",
        status=status,
        section="orders",
        standing=standing,
        order=standing.order,
        link=link,
        qr=Markup(qr_code(link.url)) if link and link.kind == "qr" else "",  # noqa: S704  (drawn here, from a string)
        doors=_doors(page, agent),
        in_wechat=is_wechats_own(agent) and "wechat" in page.shop.gateways,
        methods=method_names(page.translate),
        idempotency_key=uuid4().hex,
        fault=fault,
        back=f"/orders/{standing.order.order_no}/pay",
    )
    if link and link.kind == "form":
        answer.headers["Content-Security-Policy"] = posting_to(link.url)
    return answer


def _doors(page: Page, agent: str) -> tuple[Door, ...]:
    return doors(page.shop.gateways.values(), agent, page.translate)


def qr_code(content: str) -> str:
    """The QR code (ISO/IEC 18004) as SVG without styles, 4 modules of quiet zone, drawn in the page's own ink."""
    code = segno.make(content, error="m", micro=False)
    return str(code.svg_inline(border=4, omitsize=True, svgclass="qr", lineclass="qr-ink"))


def posting_to(address: str) -> str:
    """The content policy, with that gateway as a place for the form."""
    parts = urlsplit(address)
    return CONTENT_POLICY.replace("form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}")
