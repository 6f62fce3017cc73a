"""Pages of topping a wallet up: how much and by which way, scan or follow, and be told when the money has come."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from mingsuan import clock
from transactional.accounts.schemas import CustomerSubject
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen, faults_of
from transactional.db import reading
from transactional.edge import client_address
from transactional.errors import NotFoundError, ShopError
from transactional.payments.doors import doors, is_wechats_own, method_names, payment_by
from transactional.payments.pages import posting_to, qr_code
from transactional.wallets import service, topping_up
from transactional.wallets.rules import SMALLEST_TOP_UP_FEN, no_top_up, top_up_room_fen
from transactional.wallets.wording import no_top_up_text
from transactional.web.page import Buyer, OpenPage, Page, go

OFFERED_FEN = (5_000, 10_000, 20_000, 50_000)

router = APIRouter(include_in_schema=False)
Door = Annotated[str, Form(max_length=80)]
Key = Annotated[str, Form(alias="idempotency_key", min_length=8, max_length=200)]


@router.get("/wallet/top-up")
async def form(page: OpenPage, buyer: Buyer) -> HTMLResponse:
    return await _form(page, buyer)


@router.post("/wallet/top-up")
async def begin(
    page: OpenPage, buyer: Buyer, amount: Annotated[str, Form(max_length=40)], door: Door, key: Key
) -> Response:
    """Opens a top-up and asks the gateway for a way to pay it. Refused, the same page says why."""
    try:
        fen = amount_fen("amount", amount, page.shop.currency, page.translate)
        address = client_address(page.request)
        opened = await topping_up.begin(page.shop, buyer, fen, payment_by(door), address, key)
    except RefusedForm as refused:
        return await _form(page, buyer, amount, door, refused.faults)
    except ShopError as refusal:
        faults = faults_of(refusal, page.language)
        return await _form(page, buyer, amount, door, faults, "" if faults else refusal.sentence(page.language))
    return go(f"/wallet/top-ups/{opened}")


@router.get("/wallet/top-ups/{top_up_id}")
async def show(page: OpenPage, buyer: Buyer, top_up_id: UUID) -> HTMLResponse:
    return await _paying(page, buyer, top_up_id)


@router.post("/wallet/top-ups/{top_up_id}/pay")
async def pay(page: OpenPage, buyer: Buyer, top_up_id: UUID, door: Door, key: Key) -> Response:
    """Another way to pay the same top-up."""
    try:
        address = client_address(page.request)
        await topping_up.try_again(page.shop, buyer, top_up_id, payment_by(door), address, key)
    except NotFoundError:
        raise
    except ShopError as refusal:
        return await _paying(page, buyer, top_up_id, refusal)
    return go(f"/wallet/top-ups/{top_up_id}")


@router.post("/wallet/top-ups/{top_up_id}/cancel")
async def cancel(page: OpenPage, buyer: Buyer, top_up_id: UUID) -> Response:
    await topping_up.give_up(page.shop, buyer, top_up_id)
    return go("/wallet")


@router.get("/wallet/top-ups/{top_up_id}/state")
async def state(page: OpenPage, buyer: Buyer, top_up_id: UUID) -> Response:
    """Asked every few seconds while it is open."""
    async with reading(page.shop.engine) as session:
        found = await service.top_up(session, top_up_id, buyer.id)
    if found.state != "open":
        return Response(headers={"HX-Redirect": f"/wallet/top-ups/{top_up_id}"})
    return page.show("wallets/_top_up_state.html", top_up=found, minutes_left=_minutes_left(found.pay_by.timestamp()))


async def _form(
    page: Page, buyer: CustomerSubject, amount: str = "", door: str = "", faults: Faults | None = None, fault: str = ""
) -> HTMLResponse:
    allowed = service.profile_of(page.shop)
    async with reading(page.shop.engine) as session:
        room = await service.room(session, page.shop, buyer.id, clock.now())
    why = no_top_up(allowed, room, bool(page.shop.gateways))
    largest = top_up_room_fen(allowed, room)
    agent = page.request.headers.get("user-agent", "")
    return page.show(
        "wallets/top_up.html",
        status=422 if faults else 409 if fault else 200,
        section="wallet",
        balance_fen=room.balance_fen,
        smallest_fen=SMALLEST_TOP_UP_FEN,
        largest_fen=largest,
        limit_fen=allowed.largest_balance_fen,
        offered=[fen for fen in OFFERED_FEN if fen <= largest],
        no_top_up=no_top_up_text(why, page.translate) if why else "",
        doors=doors(page.shop.gateways.values(), agent, page.translate),
        in_wechat=is_wechats_own(agent) and "wechat" in page.shop.gateways,
        amount=amount,
        chosen=door,
        faults=faults or Faults(),
        fault=fault,
        idempotency_key=uuid4().hex,
        back="/wallet/top-up",
    )


async def _paying(
    page: Page, buyer: CustomerSubject, top_up_id: UUID, refusal: ShopError | None = None
) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        found = await service.top_up(session, top_up_id, buyer.id)
        attempts = await service.attempts(session, top_up_id, buyer.id)
    attempt = next((each for each in attempts if each.link or each.state == "created"), None)
    link = attempt.link if attempt and found.state == "open" else None
    agent = page.request.headers.get("user-agent", "")
    answer = page.show(
        "wallets/top_up_pay.html",
        status=refusal.status if refusal else 200,
        section="wallet",
        top_up=found,
        minutes_left=_minutes_left(found.pay_by.timestamp()),
        attempt=attempt,
        link=link,
        qr=Markup(qr_code(link.url)) if link and link.kind == "qr" else "",  # noqa: S704  (drawn here, from a string)
        doors=doors(page.shop.gateways.values(), agent, page.translate),
        methods=method_names(page.translate),
        idempotency_key=uuid4().hex,
        fault=refusal.sentence(page.language) if refusal else "",
        back=f"/wallet/top-ups/{top_up_id}",
    )
    if link and link.kind == "form":
        answer.headers["Content-Security-Policy"] = posting_to(link.url)
    return answer


def _minutes_left(pay_by: float) -> int:
    return max(0, int((pay_by - clock.now().timestamp()) // 60))
