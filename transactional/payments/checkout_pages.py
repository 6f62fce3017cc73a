"""The checkout page: what somebody buys, the questions of its form, and how to pay; then order and payment in one go.

Paid from the wallet it is bought at once; at a gateway, the order is placed and waits on its own page (`pages`).
"""

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.accounts.schemas import CustomerSubject
from transactional.catalogue import service as catalogue
from transactional.catalogue.forms import FormField
from transactional.catalogue.quote import Quote, units
from transactional.db import ReadSession, WriteSession, reading, writing
from transactional.edge import client_address
from transactional.errors import FieldProblem, ShopError, UnavailableProductError
from transactional.idempotency import CommandKey, once
from transactional.orders.cart_schemas import CheckoutView
from transactional.orders.checkout import Terms, Wanted, place
from transactional.payments.doors import Door, doors, is_wechats_own, payment_by
from transactional.payments.start import start
from transactional.payments.wallet import pay_from_wallet
from transactional.web.page import Buyer, OpenPage, Page, PageReading, go

WALLET = "wallet"
ANSWER = "answer_"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Basket:
    """What is being bought, as the form sends it: one SKU, some units, the answers to its questions."""

    sku: UUID
    quantity: int
    answers: dict[str, str]


@router.get("/checkout")
async def checkout(page: OpenPage, buyer: Buyer, session: PageReading, sku: UUID, quantity: str = "1") -> HTMLResponse:
    return await _shown(page, buyer, session, Basket(sku, units(quantity), {}), "", uuid4().hex)


@router.post("/checkout", response_model=None)
async def buy(
    page: OpenPage,
    buyer: Buyer,
    sku: Annotated[UUID, Form()],
    quantity: Annotated[str, Form()],
    total_fen: Annotated[int, Form()],
    idempotency_key: Annotated[str, Form(min_length=8, max_length=190)],
    door: Annotated[str, Form(max_length=80)] = WALLET,
) -> HTMLResponse | RedirectResponse:
    """Buys at the total that was shown. Refused, the same page says why under a new key: nothing was charged."""
    answers = {name.removeprefix(ANSWER): str(value) for name, value in (await page.request.form()).items()}
    basket = Basket(sku, units(quantity), {})
    try:
        async with reading(page.shop.engine) as session:
            kind, fields = await _asked(session, sku)
        basket = Basket(sku, units(quantity), {field.name: answers.get(field.name, "") for field in fields})
        if door == WALLET and kind == "card_code" and not fields:
            sold = await page.shop.intake.buy(buyer.id, sku, basket.quantity, idempotency_key, total_fen)
            return go(f"/orders/{sold.order_no}")
        return await _ordered(page, buyer, basket, total_fen, door, idempotency_key)
    except ShopError as refusal:
        async with reading(page.shop.engine) as session:
            return await _shown(page, buyer, session, basket, door, uuid4().hex, refusal)


async def _ordered(
    page: Page, buyer: CustomerSubject, basket: Basket, total_fen: int, door: str, key: str
) -> RedirectResponse:
    """An order, once for each form, then its payment; a gateway that refuses leaves the order to be paid otherwise."""
    asked = f"checkout page {basket} {total_fen} {door}"
    async with writing(page.shop.engine) as session:

        async def work() -> CheckoutView:
            return await _placed(session, page, buyer, basket, total_fen, door)

        command = CommandKey(f"customer:{buyer.id}", key, asked)
        placed = await once(session, command, CheckoutView, work)
    order = f"/orders/{placed.order_no}"
    if door == WALLET or placed.pay_by is None:
        return go(order)
    address = client_address(page.request)
    with suppress(ShopError):  # refused, the order's own page offers the ways again
        await start(page.shop, buyer, placed.order_no, payment_by(door), address, f"{key}:pay")
    return go(f"{order}/pay")


async def _placed(
    session: WriteSession, page: Page, buyer: CustomerSubject, basket: Basket, total_fen: int, door: str
) -> CheckoutView:
    at = clock.now()
    terms = Terms(timedelta(minutes=page.shop.settings.hold_minutes))
    answers = {name: answer for name, answer in basket.answers.items() if answer.strip()}
    wanted = [Wanted(basket.sku, basket.quantity, answers)]
    placed = await place(session, page.shop.vault, buyer.id, wanted, terms, at, page.shop.zone, total_fen)
    if door == WALLET and placed.pay_by is not None:
        await pay_from_wallet(session, placed.order_no, buyer.id, at, page.shop.zone)
    return CheckoutView.model_validate({**asdict(placed), "id": placed.public_id})


async def _asked(session: ReadSession, sku: UUID) -> tuple[str, tuple[FormField, ...]]:
    """The kind of the SKU, and the questions that its form asks. Raises UnavailableProductError."""
    offer = (await catalogue.offers(session, [sku], clock.now())).get(sku)
    if offer is None:
        raise UnavailableProductError
    return offer.kind, offer.fields


async def _shown(
    page: Page,
    buyer: CustomerSubject,
    session: ReadSession,
    basket: Basket,
    door: str,
    key: str,
    refusal: ShopError | None = None,
) -> HTMLResponse:
    product, sku = await catalogue.product_of_sku(session, basket.sku)
    if sku.list_price_fen is None:
        raise UnavailableProductError
    _, fields = await _asked(session, basket.sku)
    offered = Quote(sku, basket.quantity)
    balance_fen = (await accounts.wallet(session, buyer.id, page.shop.currency, limit=0)).balance_fen
    ways = _doors(page)
    faults = {problem.place.rpartition(".")[2]: problem.sentence(page.language) for problem in _problems(refusal)}
    return page.show(
        "payments/checkout.html",
        status=refusal.status if refusal else 200,
        product=product,
        quote=offered,
        fields=fields,
        answers=basket.answers,
        faults=faults,
        balance_fen=balance_fen,
        short_fen=offered.total_fen - balance_fen,
        doors=ways,
        chosen=_chosen(door, ways, balance_fen >= offered.total_fen),
        in_wechat=is_wechats_own(_agent(page)) and "wechat" in page.shop.gateways,
        idempotency_key=key,
        fault=refusal.sentence(page.language) if refusal else "",
        back=f"/checkout?sku={basket.sku}&quantity={basket.quantity}",
    )


def _problems(refusal: ShopError | None) -> tuple[FieldProblem, ...]:
    return refusal.problems if refusal else ()


def _chosen(door: str, ways: tuple[Door, ...], wallet_suffices: bool) -> str:
    """The way that is ticked: the one chosen before, else the wallet when it suffices, else the first gateway."""
    known = [way.key for way in ways]
    if door in known or (door == WALLET and wallet_suffices):
        return door
    return WALLET if wallet_suffices or not known else known[0]


def _doors(page: Page) -> tuple[Door, ...]:
    return doors(page.shop.gateways.values(), _agent(page), page.translate)


def _agent(page: Page) -> str:
    return page.request.headers.get("user-agent", "")
