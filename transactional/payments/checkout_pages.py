"""The checkout page: what somebody buys, the questions of its forms, and how to pay; then order and payment in one go.

Paid from the wallet it is bought at once; at a gateway, the order is placed and waits on its own page (`pages`).
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.accounts.persons import addresses, consents
from transactional.accounts.schemas import CustomerSubject
from transactional.catalogue.forms import problems
from transactional.catalogue.quote import units
from transactional.db import ReadSession, WriteSession, reading, writing
from transactional.edge import client_address
from transactional.errors import (
    FieldProblem,
    IdempotencyKeyReusedError,
    InvalidInputError,
    OutOfStockError,
    ShopError,
    UnavailableProductError,
)
from transactional.idempotency import CommandKey, once
from transactional.logistics import service as logistics
from transactional.orders import cart
from transactional.orders.cart_schemas import CheckoutView
from transactional.orders.checkout import Terms, Wanted, place
from transactional.payments.basket import Basket, Line, Wish, asked, lines_of, of_cart, of_form
from transactional.payments.doors import Door, doors, is_wechats_own, payment_by
from transactional.payments.start import start
from transactional.payments.wallet import pay_from_wallet
from transactional.web.page import Buyer, OpenPage, Page, PageReading, go

WALLET = "wallet"

router = APIRouter(include_in_schema=False)


@router.get("/checkout", response_model=None)
async def checkout(
    page: OpenPage,
    buyer: Buyer,
    session: PageReading,
    sku: UUID | None = None,
    quantity: str = "1",
) -> HTMLResponse | RedirectResponse:
    """One SKU, or what of the cart can be bought; an empty cart shows itself."""
    basket = await of_cart(session, buyer.id) if sku is None else Basket((Wish(sku, units(quantity)),))
    if not basket.wishes:
        return go("/cart")
    return await _shown(page, buyer, session, basket, "", uuid4().hex)


@router.post("/checkout", response_model=None)
async def buy(
    page: OpenPage,
    buyer: Buyer,
    total_fen: Annotated[int, Form()],
    idempotency_key: Annotated[str, Form(min_length=8, max_length=190)],
    door: Annotated[str, Form(max_length=80)] = WALLET,
) -> HTMLResponse | RedirectResponse:
    """Buys at the total that was shown. Refused, the same page says why under a new key: nothing was charged."""
    basket = of_form(await page.request.form())
    try:
        async with reading(page.shop.engine) as session:
            lines = await lines_of(session, basket)
            needed = await consents.missing(session, buyer.id)
        basket = asked(lines, basket)
        _refuse_unready(lines, basket, needed)
        if needed:
            async with writing(page.shop.engine) as session:
                await consents.give(session, buyer.id, needed, page.language)
        if door == WALLET and _is_one_code(lines) and not basket.from_cart:
            [wish] = basket.wishes
            with suppress(OutOfStockError, IdempotencyKeyReusedError):  # bought for this order, now or the first time
                sold = await page.shop.intake.buy(buyer.id, wish.sku, wish.quantity, idempotency_key, total_fen)
                return go(f"/orders/{sold.order_no}")
        return await _ordered(page, buyer, basket, total_fen, door, idempotency_key)
    except UnavailableProductError:
        raise
    except ShopError as refusal:
        async with reading(page.shop.engine) as session:
            return await _shown(page, buyer, session, basket, door, uuid4().hex, refusal)


def _refuse_unready(lines: Sequence[Line], basket: Basket, needed: Sequence[str]) -> None:
    """Raises InvalidInputError while it is not said where parcels go, or the shop's documents are not agreed to."""
    faults = []
    if any(line.is_sent for line in lines) and basket.destination is None:
        faults.append(FieldProblem("destination", "Choose where it is to be sent."))
    if needed and not basket.agreed:
        faults.append(FieldProblem("agreed", "Please read and agree first."))
    if faults:
        raise InvalidInputError(faults)


def _is_one_code(lines: Sequence[Line]) -> bool:
    return len(lines) == 1 and lines[0].kind == "card_code" and not lines[0].fields


async def _ordered(
    page: Page, buyer: CustomerSubject, basket: Basket, total_fen: int, door: str, key: str
) -> RedirectResponse:
    """An order, once for each form, then its payment; a gateway that refuses leaves the order to be paid otherwise."""
    request = f"checkout page {basket} {total_fen} {door}"
    async with writing(page.shop.engine) as session:

        async def work() -> CheckoutView:
            return await _placed(session, page, buyer, basket, total_fen, door)

        command = CommandKey(f"customer:{buyer.id}", key, request)
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
    placed = await place(session, page.shop.vault, buyer.id, _wanted(basket), terms, at, page.shop.zone, total_fen)
    if basket.destination is not None:
        address = await addresses.one(session, page.shop.vault, buyer.id, basket.destination)
        await logistics.ship_to(session, page.shop.vault, placed.order_id, buyer.id, address)
    if basket.from_cart:
        await cart.emptied(session, buyer.id, [wish.sku for wish in basket.wishes])
    if door == WALLET and placed.pay_by is not None:
        await pay_from_wallet(session, placed.order_no, buyer.id, at, page.shop.zone)
    return CheckoutView.model_validate({**asdict(placed), "id": placed.public_id})


def _wanted(basket: Basket) -> list[Wanted]:
    return [
        Wanted(wish.sku, wish.quantity, {name: answer for name, answer in wish.answers.items() if answer.strip()})
        for wish in basket.wishes
    ]


async def _shown(
    page: Page,
    buyer: CustomerSubject,
    session: ReadSession,
    basket: Basket,
    door: str,
    key: str,
    refusal: ShopError | None = None,
) -> HTMLResponse:
    lines = await lines_of(session, basket)
    total_fen = sum(line.quote.total_fen for line in lines)
    sent = any(line.is_sent for line in lines)
    balance_fen = (await accounts.wallet(session, buyer.id, page.shop.currency, limit=0)).balance_fen
    ways = _doors(page)
    return page.show(
        "payments/checkout.html",
        status=refusal.status if refusal else 200,
        section="cart" if basket.from_cart else "home",
        lines=lines,
        faults=_faults(page, lines) if isinstance(refusal, InvalidInputError) else {},
        problems_of_page=_page_faults(page, refusal),
        destinations=await addresses.list_of(session, page.shop.vault, buyer.id) if sent else (),
        destination=basket.destination,
        is_sent=sent,
        needs_consent=await consents.missing(session, buyer.id),
        from_cart=basket.from_cart,
        total_fen=total_fen,
        balance_fen=balance_fen,
        short_fen=total_fen - balance_fen,
        doors=ways,
        chosen=_chosen(door, ways, balance_fen >= total_fen),
        in_wechat=is_wechats_own(_agent(page)) and "wechat" in page.shop.gateways,
        idempotency_key=key,
        fault=refusal.sentence(page.language) if refusal else "",
        back=basket.address,
    )


def _page_faults(page: Page, refusal: ShopError | None) -> dict[str, str]:
    problems = refusal.problems if refusal else ()
    return {each.place: each.sentence(page.language) for each in problems if each.place in ("destination", "agreed")}


def _faults(page: Page, lines: Sequence[Line]) -> dict[tuple[int, str], str]:
    """What is wrong with an answer, by line and name of the question."""
    return {
        (line.number, problem.place.rpartition(".")[2]): problem.sentence(page.language)
        for line in lines
        for problem in problems(line.fields, line.wish.answers)
    }


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
