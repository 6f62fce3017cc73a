"""The desk's page of kinds of draws: which stand on where, requests that wait for a second person, opinions."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock
from transactional.backoffice.forms import Faults, faults_of, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.backoffice.roles import may
from transactional.db import WriteSession, reading
from transactional.draws.desk_wording import done_texts
from transactional.draws.play import mode_views, opinions, switches
from transactional.draws.play.opinions import NewOpinion
from transactional.draws.play.profiles import PROFILES
from transactional.draws.play.wording import mode_meanings, mode_texts, profile_texts
from transactional.draws.states import MODES
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError, ShopError
from transactional.web.page import Clerk, DeskPage, Page, go

router = APIRouter(prefix="/desk/draws/modes", include_in_schema=False, dependencies=[Depends(may("see_draws"))])
may_switch = Depends(may("switch_modes"))
may_record = Depends(may("record_opinions"))
HOME = "/desk/draws/modes"
NOT_A_DAY = "Give a day, such as 2027-01-31."
Choice = Annotated[str, Form(max_length=40)]
Typed = Annotated[str, Form(max_length=4000)]


@router.get("")
async def shown(page: DeskPage, done: Annotated[str, Query(max_length=20)] = "") -> HTMLResponse:
    return await _page(page, done=done)


@router.post("/ask", dependencies=[may_switch])
async def ask(page: DeskPage, clerk: Clerk, key: FormKey, profile: Choice, mode: Choice) -> Response:
    """A kind of draw is to be switched on; somebody else decides."""
    _known(profile, mode)

    async def work(session: WriteSession) -> Done:
        await switches.ask(session, profile, mode, clerk.id, clock.now())
        return Done(said="asked")

    return await _done(page, lambda: do_once(page, clerk, key, f"ask {profile} {mode}", Done, work))


@router.post("/off", dependencies=[may_switch])
async def off(page: DeskPage, clerk: Clerk, key: FormKey, profile: Choice, mode: Choice) -> Response:
    """From now on no such draw is opened, and none takes entries."""
    _known(profile, mode)

    async def work(session: WriteSession) -> Done:
        await switches.off(session, profile, mode, clerk.id, clock.now())
        return Done(said="off")

    return await _done(page, lambda: do_once(page, clerk, key, f"off {profile} {mode}", Done, work))


@router.post("/opinions", dependencies=[may_record])
async def record(
    page: DeskPage,
    clerk: Clerk,
    key: FormKey,
    profile: Choice,
    mode: Choice,
    counsel: Typed = "",
    summary: Typed = "",
    document_sha256: Typed = "",
    given_on: Choice = "",
    valid_until: Choice = "",
) -> Response:
    _known(profile, mode)
    typed = {"profile": profile, "mode": mode, "counsel": counsel, "summary": summary}
    typed |= {"document_sha256": document_sha256, "given_on": given_on, "valid_until": valid_until}

    async def work(session: WriteSession) -> Done:
        days = _day(page, "given_on", given_on), _day(page, "valid_until", valid_until)
        new = NewOpinion(profile, mode, counsel, summary, document_sha256.strip(), *days)
        await opinions.record(session, new, clerk.id, clock.now())
        return Done(said="recorded")

    return await _done(page, lambda: do_once(page, clerk, key, f"opinion {typed}", Done, work), typed)


@router.post("/{switch}/confirm", dependencies=[may_switch])
async def confirm(page: DeskPage, clerk: Clerk, switch: UUID, key: FormKey) -> Response:
    """The second person's yes."""

    async def work(session: WriteSession) -> Done:
        await switches.confirm(session, switch, clerk.id, clock.now())
        return Done(said="confirmed")

    return await _done(page, lambda: do_once(page, clerk, key, f"confirm {switch}", Done, work))


@router.post("/{switch}/withdraw", dependencies=[may_switch])
async def withdraw(page: DeskPage, clerk: Clerk, switch: UUID, key: FormKey) -> Response:
    async def work(session: WriteSession) -> Done:
        await switches.withdraw(session, switch, clerk.id, clock.now())
        return Done(said="withdrawn")

    return await _done(page, lambda: do_once(page, clerk, key, f"withdraw {switch}", Done, work))


def _known(profile: str, mode: str) -> None:
    if profile not in PROFILES or mode not in MODES:
        raise NotFoundError


def _day(page: Page, field: str, typed: str) -> datetime:
    """The first instant of a day in the shop's zone. Raises InvalidInputError."""
    try:
        return clock.start_of(datetime.fromisoformat(typed.strip()).date(), page.shop.zone)
    except ValueError:
        raise InvalidInputError([FieldProblem(field, NOT_A_DAY)]) from None


async def _done(page: Page, work: Callable[[], Awaitable[Done]], typed: dict[str, str] | None = None) -> Response:
    try:
        done = await work()
    except NotFoundError:
        raise
    except ShopError as refusal:
        return await _page(page, refusal=refusal, typed=typed)
    return go(f"{HOME}?done={done.said}")


async def _page(
    page: Page, *, done: str = "", refusal: ShopError | None = None, typed: dict[str, str] | None = None
) -> HTMLResponse:
    at = clock.now()
    async with reading(page.shop.engine) as session:
        standings = await mode_views.standings(session, at)
        recorded = await mode_views.recorded(session, at)
    faults = faults_of(refusal, page.language) if refusal else Faults()
    return page.show(
        "draws/desk_modes.html",
        status=refusal.status if refusal else 200,
        tab="draws",
        standings=standings,
        opinions=recorded,
        rules=PROFILES,
        modes=mode_texts(page.translate),
        meanings=mode_meanings(page.translate),
        profiles=profile_texts(page.translate),
        done=done_texts(page.translate).get(done, ""),
        fault=sentence_of(refusal, page.language) if refusal and not faults else "",
        faults=faults,
        form=Faults(typed or {}),
        is_typed=typed is not None,
        key=lambda: uuid4().hex,
        back=HOME,
    )
