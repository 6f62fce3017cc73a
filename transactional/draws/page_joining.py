"""Joining a draw: what it costs and what may become of it is said before anything is taken. And asking for a result."""

from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from mingsuan import clock
from mingsuan.clock import business_date
from transactional.accounts import service as accounts
from transactional.db import reading, writing
from transactional.draws import api_views, chances, page_odds, page_views, service
from transactional.draws.api_schemas import MOST_AT_ONCE
from transactional.draws.entry_deciding import price_of
from transactional.draws.models import Draw
from transactional.draws.page_wording import mode_texts
from transactional.draws.play import guard
from transactional.errors import ShopError
from transactional.web.page import Buyer, OpenPage, Page, go

router = APIRouter(include_in_schema=False)
Count = Annotated[int, Query(ge=1, le=MOST_AT_ONCE)]
Pay = Literal["chances", "wallet"]
FormKey = Annotated[str, Form(min_length=8, max_length=200, pattern=r"^[\x21-\x7e]+$")]


@router.get("/draws/{draw_id}/join")
async def look_before(
    page: OpenPage, buyer: Buyer, draw_id: UUID, count: Count = 1, pay: Annotated[Pay, Query()] = "chances"
) -> HTMLResponse:
    """What so many entries cost, the odds with them, and what is lost or kept."""
    return await _join(page, buyer.id, draw_id, count, pay)


@router.post("/draws/{draw_id}/entries")
async def enter(
    page: OpenPage,
    buyer: Buyer,
    draw_id: UUID,
    idempotency_key: FormKey,
    count: Annotated[int, Form(ge=1, le=MOST_AT_ONCE)] = 1,
    pay: Annotated[Pay, Form()] = "chances",
    stake_fen: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """The entries, paid at once, or why not with nothing paid."""
    expected = stake_fen if pay == "wallet" else None
    try:
        await page.shop.entering.enter(buyer.id, draw_id, count, idempotency_key, pay=pay, expected_stake_fen=expected)
    except ShopError as refusal:
        return await _join(page, buyer.id, draw_id, count, pay, refusal)
    return go(f"/draws/{draw_id}?done=entered")


@router.post("/draws/{draw_id}/free-route")
async def free_route(page: OpenPage, buyer: Buyer, draw_id: UUID) -> RedirectResponse:
    """One chance in this draw for nothing, once a day."""
    async with writing(page.shop.engine) as session:
        await chances.free_route(session, buyer.id, draw_id, business_date(clock.now(), page.shop.zone))
    return go(f"/draws/{draw_id}?done=free")


@router.post("/draws/{draw_id}/result")
async def ask_for_result(page: OpenPage, draw_id: UUID) -> RedirectResponse:
    """Anybody may: whoever asks first gets what everybody would get."""
    async with reading(page.shop.engine) as session:
        draw = await api_views.opened(session, draw_id)
    state = await service.decide(page.shop.engine, page.shop.beacons, draw.id)
    return go(f"/draws/{draw_id}?done={'asked' if state == 'committed' else 'result'}")


async def _join(
    page: Page, customer_id: int, draw_id: UUID, count: int, pay: Pay, refusal: ShopError | None = None
) -> HTMLResponse:
    at = clock.now()
    async with reading(page.shop.engine) as session:
        draw = await api_views.opened(session, draw_id)
        own = await page_views.own_entries(session, draw, customer_id)
        stake_fen = _stake(draw, count, pay)
        refusal = refusal or await guard.why_not(session, customer_id, draw, stake_fen, at)
        balance_fen = (await accounts.wallet(session, customer_id, page.shop.currency, limit=0)).balance_fen
        usable = chances.usable(await chances.of(session, customer_id, at), draw)
    after = page_odds.in_the_end("open", draw.capacity, draw.next_index + count)
    return page.show(
        "draws/join.html",
        status=refusal.status if refusal else 200,
        section="draws",
        draw=draw,
        count=count,
        pay=pay,
        stake_fen=stake_fen,
        plain_fen=draw.price_fen * count if pay == "wallet" else 0,
        balance_fen=balance_fen,
        usable=usable,
        own=own,
        odds=page_odds.chance(own + count, after, draw.winners),
        total=after,
        mode=mode_texts(page.translate)[draw.mode],
        fault=refusal.sentence(page.language) if refusal else "",
        key=uuid4().hex,
        back=f"/draws/{draw_id}",
    )


def _stake(draw: Draw, count: int, pay: Pay) -> int:
    return price_of(draw, count) if pay == "wallet" else 0
