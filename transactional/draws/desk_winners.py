"""The desk's page of one prize: handed over to its winner, or passed on when nobody claimed it in time."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select

from mingsuan import clock
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen, faults_of, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.backoffice.roles import may
from transactional.backoffice.wording import amount_hint
from transactional.db import ReadSession, WriteSession, reading
from transactional.draws import delivering, desk_views, forfeits
from transactional.draws.claiming import reference
from transactional.draws.delivering import Handing
from transactional.draws.desk_views import Winner
from transactional.draws.desk_wording import prize_kind_texts, winner_state_texts
from transactional.draws.models import Draw, DrawWinner
from transactional.draws.play.profiles import PROFILES
from transactional.errors import NotFoundError, ShopError
from transactional.logistics import service as logistics
from transactional.logistics.couriers import COURIERS
from transactional.logistics.destinations import Place
from transactional.web.page import Clerk, DeskPage, Page, go

router = APIRouter(
    prefix="/desk/draws/{draw}/winners/{winner}",
    include_in_schema=False,
    dependencies=[Depends(may("deliver_prizes"))],
)
Typed = Annotated[str, Form(max_length=4000)]
Work = Callable[[], Awaitable[Done]]


@router.get("")
async def one(page: DeskPage, draw: UUID, winner: UUID) -> HTMLResponse:
    return await _shown(page, draw, winner)


@router.post("/deliver")
async def deliver(
    page: DeskPage,
    clerk: Clerk,
    draw: UUID,
    winner: UUID,
    key: FormKey,
    cost: Typed = "",
    code: Typed = "",
    courier: Typed = "",
    tracking_no: Typed = "",
) -> Response:
    """A code that was typed wrong has to be typed again: it is in no page that is sent back."""
    typed = {"cost": cost, "courier": courier, "tracking_no": tracking_no}

    async def work(session: WriteSession) -> Done:
        await _of_this_draw(session, draw, winner)
        fen = amount_fen("cost", cost, page.shop.currency, page.translate)
        handing = Handing(fen, code, courier, tracking_no)
        await delivering.deliver(session, page.shop.vault, winner, handing, clerk.id, page.shop.zone)
        return Done(said="delivered")

    return await _done(page, draw, winner, typed, lambda: do_once(page, clerk, key, f"prize {winner}", Done, work))


@router.post("/forfeit")
async def forfeit(
    page: DeskPage,
    clerk: Clerk,
    draw: UUID,
    winner: UUID,
    key: FormKey,
    words: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Only once the claim days are over; the worker does it by itself, too."""

    async def work(session: WriteSession) -> Done:
        await _of_this_draw(session, draw, winner)
        await forfeits.forfeit(session, winner, words, clerk.id, clock.now())
        return Done(said="forfeited")

    asked = f"forfeit {winner} {words}"
    return await _done(page, draw, winner, {"words": words}, lambda: do_once(page, clerk, key, asked, Done, work))


async def _of_this_draw(session: WriteSession, draw: UUID, winner: UUID) -> None:
    row = await desk_views.one(session, draw)
    await desk_views.winner(session, row.id, winner)


async def _place(session: ReadSession, page: Page, row: Draw, winner: Winner) -> Place | None:
    """Where a claimed parcel goes, in clear, for those who send it."""
    if row.prize_kind != "parcel" or winner.state != "claimed":
        return None
    prize = (await session.scalars(select(DrawWinner).where(DrawWinner.public_id == winner.public_id))).one()
    return await logistics.prize_place(session, page.shop.vault, reference(row, prize))


async def _done(page: Page, draw: UUID, winner: UUID, typed: dict[str, str], work: Work) -> Response:
    try:
        done = await work()
    except NotFoundError:
        raise
    except RefusedForm as refused:
        return await _shown(page, draw, winner, status=422, typed=typed, faults=refused.faults)
    except ShopError as refusal:
        faults = faults_of(refusal, page.language)
        fault = "" if faults else sentence_of(refusal, page.language)
        return await _shown(page, draw, winner, status=refusal.status, typed=typed, faults=faults, fault=fault)
    return go(f"/desk/draws/{draw}?done={done.said}")


async def _shown(
    page: Page,
    draw: UUID,
    winner: UUID,
    *,
    status: int = 200,
    typed: dict[str, str] | None = None,
    faults: Faults | None = None,
    fault: str = "",
) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        row = await desk_views.one(session, draw)
        found = await desk_views.winner(session, row.id, winner)
        place = await _place(session, page, row, found)
    percent = PROFILES[row.profile].prize_tax_percent
    return page.show(
        "draws/desk_winner.html",
        status=status,
        tab="draws",
        draw=row,
        winner=found,
        place=place,
        can_forfeit=found.state == "notified" and found.claim_until < clock.now(),
        tax_percent=percent,
        tax_fen=row.prize_value_fen * percent // 100,
        couriers={name: both[0 if page.language == "zh_CN" else 1] for name, both in COURIERS.items()},
        states=winner_state_texts(page.translate),
        prize_kinds=prize_kind_texts(page.translate),
        amount_hint=amount_hint(page.shop.currency, page.translate),
        typed=Faults(typed or {}),
        faults=faults or Faults(),
        fault=fault,
        key=lambda: uuid4().hex,
        back=f"/desk/draws/{draw}/winners/{winner}",
    )
