"""A customer's own draws: entries, chances and prizes; claiming; receipts and proofs to keep."""

import json
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from mingsuan import clock
from mingsuan.clock import business_date
from transactional.accounts.persons import addresses
from transactional.accounts.schemas import CustomerSubject
from transactional.db import ReadSession, reading, writing
from transactional.draws import api_views, chance_rules, chances, entries, page_views, receipts, rules, service
from transactional.draws.errors import ProofToComeError
from transactional.draws.log import entry_proofs
from transactional.draws.page_wording import source_texts, winner_texts
from transactional.errors import NotFoundError
from transactional.web.page import Buyer, OpenPage, Page, PageReading, go

router = APIRouter(include_in_schema=False)
MINE = "/account/draws"
DRAWS_SHOWN = 50


@router.get(MINE)
async def mine(
    page: OpenPage, buyer: Buyer, session: PageReading, done: Annotated[str, Query(max_length=20)] = ""
) -> HTMLResponse:
    return await _shown(page, buyer, session, done=done)


async def _shown(
    page: Page, buyer: CustomerSubject, session: ReadSession, *, done: str = "", codes: Mapping[UUID, str] | None = None
) -> HTMLResponse:
    at = clock.now()
    entered = await page_views.entered(session, buyer.id, DRAWS_SHOWN)
    return page.show(
        "draws/mine.html",
        section="account",
        prizes=(await api_views.prizes(session, buyer.id)).items,
        entered=entered,
        chances=await chances.of(session, buyer.id, at),
        checked_in=await chances.checked_in(session, buyer.id, business_date(at, page.shop.zone)),
        named_inviter=await chances.named_inviter(session, buyer.id),
        invited_fen=chance_rules.invited_fen(page.shop.settings.draw_chance_fen),
        own_id=buyer.public_id,
        addresses=await addresses.list_of(session, page.shop.vault, buyer.id),
        sources=source_texts(page.translate),
        winner_states=winner_texts(page.translate),
        done=done,
        codes=codes or {},
        at=at,
        back=MINE,
    )


@router.post(f"{MINE}/check-ins")
async def check_in(page: OpenPage, buyer: Buyer) -> RedirectResponse:
    """One chance for having come today."""
    async with writing(page.shop.engine) as session:
        await chances.check_in(session, buyer.id, business_date(clock.now(), page.shop.zone))
    return go(f"{MINE}?done=checked-in")


@router.post(f"{MINE}/invitations")
async def name_inviter(page: OpenPage, buyer: Buyer, inviter: Annotated[str, Form(max_length=100)]) -> RedirectResponse:
    """Who invited the customer; that one earns a chance."""
    every_fen = page.shop.settings.draw_chance_fen
    async with writing(page.shop.engine) as session:
        await chances.invited(session, buyer.id, _uuid(inviter), every_fen)
    return go(f"{MINE}?done=named")


@router.post(f"{MINE}/prizes/{{prize_id}}/claim")
async def claim(
    page: OpenPage, buyer: Buyer, prize_id: UUID, address: Annotated[UUID | None, Form()] = None
) -> RedirectResponse:
    """The prize is to be handed over; sent twice, it is the same."""
    async with writing(page.shop.engine) as session:
        await service.claim(session, page.shop.vault, prize_id, buyer.id, clock.now(), address_id=address)
    return go(f"{MINE}?done=claimed")


@router.post(f"{MINE}/prizes/{{prize_id}}/code")
async def show_code(page: OpenPage, buyer: Buyer, prize_id: UUID) -> HTMLResponse:
    """The page with a prize's code in clear. Only this answer to a POST ever holds it, and it is never cached."""
    async with writing(page.shop.engine) as session:
        code = await service.prize_code(session, page.shop.vault, prize_id, buyer.id, clock.now())
    async with reading(page.shop.engine) as session:
        return await _shown(page, buyer, session, codes={prize_id: code})


@router.get("/draws/{draw_id}/receipts/{entry_id}.json")
async def receipt(page: OpenPage, buyer: Buyer, session: PageReading, draw_id: UUID, entry_id: UUID) -> Response:
    """The log's signed promise for one's own range of entries, as a file."""
    draw = await api_views.opened(session, draw_id)
    own = await entries.own_range(session, draw.id, buyer.id, entry_id)
    content = json.dumps(receipts.signed(page.shop.keeper, own, draw), ensure_ascii=False)
    return _file(content, "application/json", f"draw-{draw.number}-{rules.shown(own.first_index)}.json")


@router.get("/draws/{draw_id}/proofs/{number}")
async def proof(page: OpenPage, buyer: Buyer, session: PageReading, draw_id: UUID, number: int) -> Response:
    """Where one's own entry is in the public log, as a file of C2SP's tlog-proof; there within a minute."""
    draw, index = await api_views.opened(session, draw_id), number - rules.FIRST_SHOWN
    if (await entries.range_at(session, draw.id, index)).customer_id != buyer.id:
        raise NotFoundError
    content = await entry_proofs.tlog_proof(session, page.shop.keeper, draw.id, draw.public_id, index)
    if content is None:
        raise ProofToComeError
    return _file(content, "text/plain; charset=utf-8", f"draw-{draw.number}-{number}.tlog-proof")


def _uuid(typed: str) -> UUID:
    """Nobody's, if it is none."""
    try:
        return UUID("".join(typed.split()))
    except ValueError:
        return UUID(int=0)


def _file(content: str, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
