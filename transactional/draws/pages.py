"""Public pages of draws: all of them without gaps, one with its whole computation, a ticket, and how fair all were."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from mingsuan import clock
from transactional.draws import (
    api_views,
    chances,
    entries,
    page_joining,
    page_memory,
    page_mine,
    page_odds,
    page_verifying,
    page_views,
    rules,
)
from transactional.draws.api_schemas import PrizeWon
from transactional.draws.chains import CHAINS
from transactional.draws.entry_rules import MOST_ENTRIES
from transactional.draws.models import Draw, DrawEntry
from transactional.draws.page_wording import kind_texts, mode_texts, state_texts, winner_texts
from transactional.draws.play import guard
from transactional.errors import NotFoundError
from transactional.web.page import OpenPage, Page, PageReading

DRAWS_A_PAGE = 20
RANGES_A_PAGE = 50
MOST_NUMBER = rules.FIRST_SHOWN + MOST_ENTRIES

router = APIRouter(include_in_schema=False)
router.include_router(page_joining.router)
router.include_router(page_verifying.router)
router.include_router(page_mine.router)


@router.get("/draws")
async def every_draw(
    page: OpenPage, session: PageReading, number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1
) -> HTMLResponse:
    found = await api_views.listed(session, clock.now(), DRAWS_A_PAGE, (number - 1) * DRAWS_A_PAGE)
    if number > 1 and not found.items:
        raise NotFoundError
    return page.show(
        "draws/list.html",
        section="draws",
        draws=found.items,
        total=found.total,
        page=number,
        more=number * DRAWS_A_PAGE < found.total,
        states=state_texts(page.translate),
        modes=mode_texts(page.translate),
        chance=page_odds.chance,
    )


@router.get("/draws/statistics")
async def statistics(page: OpenPage, session: PageReading) -> HTMLResponse:
    """Over all draws that were decided: how often the house won, and whether winners lie as chance lays them."""
    found = await page_memory.fair(session, page.shop.engine)
    return page.show("draws/statistics.html", section="draws", found=found)


@router.get("/draws/{draw_id}")
async def one_draw(
    page: OpenPage, session: PageReading, draw_id: UUID, done: Annotated[str, Query(max_length=20)] = ""
) -> HTMLResponse:
    at = clock.now()
    row = await api_views.opened(session, draw_id)
    draw = await api_views.detailed(session, draw_id, at)
    told = await page_views.evidence(session, page.shop.engine, page.shop.keeper, row)
    return page.show(
        "draws/draw.html",
        section="draws",
        draw=draw,
        done=done,
        chain=CHAINS[row.chain_hash],
        told=told,
        computed=await page_views.computed(session, row, told),
        won=await page_views.winners(session, row),
        state=state_texts(page.translate)[draw.state],
        mode=mode_texts(page.translate)[draw.mode],
        winner_states=winner_texts(page.translate),
        kinds=kind_texts(page.translate),
        shown=rules.shown,
        me=await _own(page, session, row),
    )


@dataclass(frozen=True, slots=True)
class Own:
    """What concerns the visitor: their entries and odds, the chances that they may use, and why not, if not."""

    entries: int = 0
    odds: float = 0.0
    usable: int = 0
    why_not: str = ""
    prizes: Sequence[PrizeWon] = ()


async def _own(page: Page, session: PageReading, draw: Draw) -> Own:
    if page.customer is None:
        return Own()
    at, customer_id = clock.now(), page.customer.id
    own = await page_views.own_entries(session, draw, customer_id)
    left = await chances.of(session, customer_id, at)
    refusal = await guard.why_not(session, customer_id, draw, draw.price_fen, at) if draw.state == "open" else None
    won = await api_views.prizes(session, customer_id)
    return Own(
        entries=own,
        odds=page_odds.chance(own, page_odds.in_the_end(draw.state, draw.capacity, draw.next_index), draw.winners),
        usable=chances.usable(left, draw),
        why_not=refusal.sentence(page.language) if refusal else "",
        prizes=[prize for prize in won.items if prize.draw_id == draw.public_id],
    )


@router.get("/draws/{draw_id}/ticket")
async def ticket(
    page: OpenPage,
    session: PageReading,
    draw_id: UUID,
    number: Annotated[str, Query(max_length=12)] = "",
    own_page: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    """What became of a number; to its owner also what opens its ticket."""
    draw = await api_views.opened(session, draw_id)
    asked = number.strip()
    is_number = asked.isascii() and asked.isdigit() and rules.FIRST_SHOWN <= int(asked) < MOST_NUMBER
    index = int(asked) - rules.FIRST_SHOWN if is_number else -1
    known = 0 <= index < draw.next_index
    range_ = await entries.range_at(session, draw.id, index) if known else None
    is_own = range_ is not None and page.customer is not None and range_.customer_id == page.customer.id
    own = await _own_ranges(session, page, draw, (own_page - 1) * RANGES_A_PAGE)
    if own_page > 1 and not own:
        raise NotFoundError
    return page.show(
        "draws/ticket.html",
        section="draws",
        draw=draw,
        number=asked,
        found=range_,
        is_own=is_own,
        index=index,
        ticket=rules.ticket(draw.public_id, index, range_.user_ref, rules.nonce_of(range_.nonce, index)).hex()
        if range_ is not None and (is_own or draw.committed_at is not None)
        else "",
        opened=await entries.opened(session, draw, index) if is_own else None,
        batch=await page_views.batch_of(session, draw, index) if range_ is not None else None,
        won=[each for each in await page_views.winners(session, draw) if each.number == rules.shown(index)],
        own=own[:RANGES_A_PAGE],
        own_page=own_page,
        more=len(own) > RANGES_A_PAGE,
        kinds=kind_texts(page.translate),
        winner_states=winner_texts(page.translate),
        shown=rules.shown,
        back=f"/draws/{draw.public_id}/ticket",
    )


async def _own_ranges(session: PageReading, page: Page, draw: Draw, offset: int) -> Sequence[DrawEntry]:
    """The visitor's own from one on: as many as a page has and one more, which tells that there is another page."""
    if page.customer is None:
        return ()
    return await entries.mine(session, draw.id, page.customer.id, RANGES_A_PAGE + 1, offset)
