"""The desk's pages of offers: all, one with its price history, what staff decide about it, one typed by hand."""

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import text

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.alerts.wording import reason_texts
from transactional.backoffice.forms import Faults, faults_of, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, Reason, do_once
from transactional.backoffice.roles import may
from transactional.db import WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError, ShopError
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.channels import supply_views
from transactional.suppliers.channels.supply_views import Wanted
from transactional.suppliers.channels.supply_wording import offer_done_texts, offer_state_texts, source_texts
from transactional.suppliers.offers import acts as offer_acts
from transactional.suppliers.offers import observing as offers
from transactional.suppliers.offers.rules import BEYOND, FINEST
from transactional.suppliers.protocols.interface import OfferFact
from transactional.suppliers.states import OFFER_STATES
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk/offers", include_in_schema=False, dependencies=[Depends(may("see_supply"))])
may_manage = Depends(may("manage_channels"))
Asked = Annotated[str, Query(max_length=200)]
Line = Annotated[str, Form(max_length=200)]
Act = Callable[[WriteSession, UUID, int, str], Awaitable[None]]
ACTS: dict[str, tuple[Act, str]] = {
    "believe": (offer_acts.believe, "believed"),
    "withdraw": (offer_acts.withdraw, "withdrawn"),
    "restore": (offer_acts.restore, "restored"),
}
SKU = text("select id from shop.sku where code = :code")


@router.get("")
async def listed(
    page: DeskPage,
    session: PageReading,
    q: Asked = "",
    state: Asked = "",
    channel: Asked = "",
    number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> HTMLResponse:
    asked = {"q": q.strip(), "state": state, "channel": channel}
    asked = {name: value for name, value in asked.items() if value}
    wanted = Wanted(_uuid(channel), state if state in OFFER_STATES else "", q.strip())
    found, more = await supply_views.offers(session, wanted, number)
    every = await supply_views.channels(session)
    return page.show(
        "suppliers/offers.html",
        tab="offers",
        offers=found,
        more=more,
        page=number,
        address=f"/desk/offers?{urlencode(asked)}{'&' if asked else ''}",
        asked=Faults(asked),
        is_filtered=bool(asked),
        channels={str(each.public_id): each.name for each in every},
        states=offer_state_texts(page.translate),
        reasons=reason_texts(page.translate),
        shop_currency=page.shop.currency,
    )


@router.get("/new", dependencies=[may_manage])
async def new_form(page: DeskPage, session: PageReading, channel: Asked = "") -> HTMLResponse:
    return await _new(page, session, {"channel": channel})


@router.post("/new", dependencies=[may_manage])
async def enter(
    page: DeskPage,
    clerk: Clerk,
    session: PageReading,
    key: FormKey,
    channel: Line = "",
    sku: Line = "",
    supplier_sku: Line = "",
    cost: Line = "",
    currency: Line = "",
    stock: Line = "",
) -> Response:
    """What staff type is believed; a later sync may say otherwise."""
    typed = {"channel": channel, "sku": sku, "supplier_sku": supplier_sku, "cost": cost}
    typed = {**typed, "currency": currency, "stock": stock}

    async def work(session: WriteSession) -> Done:
        return Done(said=str(await _entered(session, typed, page.shop.currency, clerk.id)))

    try:
        done = await do_once(page, clerk, key, f"enter offer {sorted(typed.items())}", Done, work)
    except ShopError as refusal:
        return await _new(page, session, typed, refusal)
    return go(f"/desk/offers/{done.said}?done=entered")


@router.get("/{offer}")
async def one(
    page: DeskPage, session: PageReading, offer: UUID, done: Annotated[str, Query(max_length=20)] = ""
) -> HTMLResponse:
    return await _shown(page, session, offer, done=offer_done_texts(page.translate).get(done, ""))


@router.post("/{offer}/decide", dependencies=[may_manage])
async def decide(
    page: DeskPage, clerk: Clerk, session: PageReading, offer: UUID, key: FormKey, act: Line, reason: Reason = ""
) -> Response:
    """Accept a doubted cost, withdraw the offer, bring it back."""
    if act not in ACTS:
        raise NotFoundError
    decided, said = ACTS[act]

    async def work(session: WriteSession) -> Done:
        if not reason.strip():
            raise InvalidInputError([FieldProblem("reason", "Must not be empty.")])
        await decided(session, offer, clerk.id, reason.strip())
        return Done(said=said)

    try:
        await do_once(page, clerk, key, f"{act} offer {offer}", Done, work)
    except ShopError as refusal:
        return await _shown(page, session, offer, refusal=refusal)
    return go(f"/desk/offers/{offer}?done={said}")


async def _entered(session: WriteSession, typed: dict[str, str], own: str, staff_id: int) -> UUID:
    channel_id = _uuid(typed["channel"])
    if channel_id is None:
        raise InvalidInputError([FieldProblem("channel", "Must not be empty.")])
    channel = await channels.by_public_id(session, channel_id)
    sku_id = await session.scalar(SKU, {"code": typed["sku"].strip()})
    is_pool = channel.protocol == "own_pool"
    currency = own if is_pool else (typed["currency"].strip().upper() or own)
    cost, stock = Decimal(1) if is_pool else _number(typed["cost"]), _number(typed["stock"] or "0")
    name = typed["supplier_sku"].strip() or typed["sku"].strip()
    wrong = {
        "sku": sku_id is None,
        "cost": cost is None or not FINEST <= cost < BEYOND,
        "currency": not (len(currency) == 3 and currency.isascii() and currency.isalpha()),
        "stock": stock is None or stock != stock.to_integral_value() or not 0 <= stock < 10**12,
        "supplier_sku": not name.isprintable(),
    }
    if any(wrong.values()) or sku_id is None:
        raise InvalidInputError([FieldProblem(field, "Cannot be accepted.") for field, is_so in wrong.items() if is_so])
    told = int(stock or 0) if typed["stock"] and not is_pool else None
    fact = OfferFact(name, "", cost, currency, told, on_sale=True)
    await offers.observe(session, channel.id, [fact], "staff", clock.now(), sku_of={name: sku_id}, staff_id=staff_id)
    found = text("select public_id from shop.offer where channel_id = :c and sku_id = :s and supplier_sku = :n")
    offer: UUID = (await session.execute(found, {"c": channel.id, "s": sku_id, "n": name})).scalar_one()
    await accounts.record_act(session, staff_id, "enter_offer", f"offer:{offer}")
    return offer


async def _new(
    page: Page, session: PageReading, typed: dict[str, str], refusal: ShopError | None = None
) -> HTMLResponse:
    every = [each for each in await supply_views.channels(session) if each.state != "ended"]
    faults = faults_of(refusal, page.language) if refusal else Faults()
    return page.show(
        "suppliers/offers_new.html",
        status=refusal.status if refusal else 200,
        tab="offers",
        channels=every,
        skus=await supply_views.skus(session),
        form=Faults(typed),
        currency=page.shop.currency,
        key=uuid4().hex,
        faults=faults,
        fault=sentence_of(refusal, page.language) if refusal and not faults else "",
        back="/desk/offers/new",
    )


async def _shown(
    page: Page, session: PageReading, offer: UUID, *, refusal: ShopError | None = None, done: str = ""
) -> HTMLResponse:
    line = await supply_views.offer(session, offer)
    rows = await supply_views.history(session, line.row.id)
    return page.show(
        "suppliers/offers_one.html",
        status=refusal.status if refusal else 200,
        tab="offers",
        line=line,
        history=list(zip(rows, supply_views.changes(rows), strict=True)),
        states=offer_state_texts(page.translate),
        reasons=reason_texts(page.translate),
        sources=source_texts(page.translate),
        shop_currency=page.shop.currency,
        key=lambda: uuid4().hex,
        done=done,
        fault=sentence_of(refusal, page.language) if refusal else "",
        back=f"/desk/offers/{offer}",
    )


def _uuid(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _number(typed: str) -> Decimal | None:
    try:
        found = Decimal(typed.replace(",", "").strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
