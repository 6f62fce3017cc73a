"""The desk's pages of draws: listed, written down, looked over, opened, entered for the house, called off.

Prizes are handed over in `desk_winners`; which kinds of draws there may be is `play.desk`'s.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock
from transactional.accounts.service import record_act
from transactional.backoffice.forms import Faults, RefusedForm, faults_of, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.backoffice.roles import may
from transactional.backoffice.wording import amount_hint
from transactional.db import WriteSession
from transactional.draws import desk_form, desk_views, entries, service
from transactional.draws.desk_sheet import draw_page
from transactional.draws.desk_wording import TONES, done_texts, prize_kind_texts, state_texts
from transactional.draws.drafts import NewDraw
from transactional.draws.play.wording import mode_texts, profile_texts
from transactional.draws.states import DRAW_STATES
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError, ShopError
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk/draws", include_in_schema=False, dependencies=[Depends(may("see_draws"))])
may_manage = Depends(may("manage_draws"))
may_void = Depends(may("void_draws"))
MOST_HOUSE = 100_000
Work = Callable[[WriteSession, int], Awaitable[str]]
"""What is done with a draw of an inside key, and the name of what the next page says."""


@router.get("")
async def listed(
    page: DeskPage,
    session: PageReading,
    state: Annotated[str, Query(max_length=20)] = "",
    before: Annotated[UUID | None, Query()] = None,
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    rows, more = await desk_views.draws(session, state, before)
    at, states = clock.now(), state_texts(page.translate)
    return page.show(
        "draws/desk_draws.html",
        tab="draws",
        draws=[(row, service.state_shown(row, at)) for row in rows],
        state=state if state in DRAW_STATES else "",
        states=states,
        choices={name: states[name] for name in DRAW_STATES},
        tones=TONES,
        modes=mode_texts(page.translate),
        older=f"/desk/draws?state={state}&before={rows[-1].public_id}" if more else "",
        newest=f"/desk/draws?state={state}" if before else "",
        done=done_texts(page.translate).get(done, ""),
        back="/desk/draws",
    )


@router.get("/new", dependencies=[may_manage])
async def new_form(page: DeskPage) -> HTMLResponse:
    return _form(page, None, desk_form.BLANK)


@router.post("/new", dependencies=[may_manage])
async def add(page: DeskPage, clerk: Clerk, request: Request, key: FormKey) -> Response:
    typed = desk_form.typed(await request.form())

    async def work(session: WriteSession, new: NewDraw) -> Done:
        return Done(said=str((await service.draft(session, new, clerk.id)).public_id))

    done = await _written(page, None, typed, lambda new: do_once(page, clerk, key, f"{new}", Done, _with(work, new)))
    return done if isinstance(done, Response) else go(f"/desk/draws/{done.said}?done=drafted")


@router.get("/{draw}")
async def one(page: DeskPage, draw: UUID, done: Annotated[str, Query(max_length=20)] = "") -> HTMLResponse:
    return await draw_page(page, draw, done=done)


@router.get("/{draw}/edit", dependencies=[may_manage])
async def edit_form(page: DeskPage, session: PageReading, draw: UUID) -> HTMLResponse:
    row = await desk_views.one(session, draw)
    if row.state != "draft":
        raise NotFoundError
    return _form(page, draw, desk_form.written(service.said_of(row), page.shop))


@router.post("/{draw}/edit", dependencies=[may_manage])
async def edit(page: DeskPage, clerk: Clerk, request: Request, draw: UUID, key: FormKey) -> Response:
    typed = desk_form.typed(await request.form())

    async def work(session: WriteSession, new: NewDraw) -> Done:
        row = await desk_views.one(session, draw)
        await service.edit(session, row.id, new, clerk.id)
        return Done(said="edited")

    asked = f"edit {draw}"
    done = await _written(
        page, draw, typed, lambda new: do_once(page, clerk, key, f"{asked} {new}", Done, _with(work, new))
    )
    return done if isinstance(done, Response) else go(f"/desk/draws/{draw}?done=edited")


@router.post("/{draw}/open", dependencies=[may_manage])
async def open_draw(page: DeskPage, clerk: Clerk, draw: UUID, key: FormKey) -> Response:
    """From here on the promise stands."""

    async def work(session: WriteSession, draw_id: int) -> str:
        await service.open_draw(session, draw_id, clerk.id, clock.now(), is_trial=page.shop.settings.draw_trial)
        return "opened"

    return await _done(page, clerk, draw, key, "open", work)


@router.post("/{draw}/discard", dependencies=[may_manage])
async def discard(page: DeskPage, clerk: Clerk, draw: UUID, key: FormKey) -> Response:
    """A draft that nobody wants; its page is gone with it, so a form sent twice finds nothing."""

    async def work(session: WriteSession) -> Done:
        await service.discard(session, (await desk_views.one(session, draw)).id, clerk.id)
        return Done(said="discarded")

    try:
        await do_once(page, clerk, key, f"discard {draw}", Done, work)
    except NotFoundError:
        raise
    except ShopError as refusal:
        return await draw_page(page, draw, refusal=refusal)
    return go("/desk/draws?done=discarded")


@router.post("/{draw}/void", dependencies=[may_void])
async def void(
    page: DeskPage, clerk: Clerk, draw: UUID, key: FormKey, words: Annotated[str, Form(max_length=2000)] = ""
) -> Response:
    """Called off, in words that everybody can read for ever."""

    async def work(session: WriteSession, draw_id: int) -> str:
        await service.void(session, draw_id, "cancelled", words, clerk.id, clock.now())
        return "voided"

    return await _done(page, clerk, draw, key, f"void {words}", work, {"words": words})


@router.post("/{draw}/house", dependencies=[may_manage])
async def enter_for_house(
    page: DeskPage, clerk: Clerk, draw: UUID, key: FormKey, count: Annotated[str, Form(max_length=20)] = ""
) -> Response:
    """As the opening announced it."""

    async def work(session: WriteSession, draw_id: int) -> str:
        plain = count.strip()
        if not (plain.isascii() and plain.isdecimal() and 1 <= int(plain) <= MOST_HOUSE):
            bounds = (("least", 1), ("most", MOST_HOUSE))
            raise InvalidInputError([FieldProblem("count", "Must be from {least} to {most}.", bounds)])
        await entries.house(session, draw_id, int(plain))
        await record_act(session, clerk.id, "enter_for_house", f"draw:{draw}", detail={"count": int(plain)})
        return "house"

    return await _done(page, clerk, draw, key, f"house {count}", work, {"count": count})


async def _done(
    page: Page, clerk: Clerk, draw: UUID, key: str, asked: str, work: Work, typed: dict[str, str] | None = None
) -> Response:
    async def in_transaction(session: WriteSession) -> Done:
        return Done(said=await work(session, (await desk_views.one(session, draw)).id))

    try:
        done = await do_once(page, clerk, key, f"{asked} {draw}", Done, in_transaction)
    except NotFoundError:
        raise
    except ShopError as refusal:
        return await draw_page(page, draw, refusal=refusal, typed=typed)
    return go(f"/desk/draws/{draw}?done={done.said}")


async def _written(
    page: Page, draw: UUID | None, typed: dict[str, str], work: Callable[[NewDraw], Awaitable[Done]]
) -> Done | HTMLResponse:
    """What was done, or the form with what is wrong in it."""
    chain = service.chain_of(page.shop.settings)
    try:
        return await work(desk_form.read(typed, page.shop, chain.hash, page.translate))
    except RefusedForm as refused:
        return _form(page, draw, typed, 422, refused.faults)
    except NotFoundError:
        raise
    except ShopError as refusal:
        faults = faults_of(refusal, page.language)
        fault = "" if faults else sentence_of(refusal, page.language)
        return _form(page, draw, typed, refusal.status, faults, fault)


def _with(work: Callable[[WriteSession, NewDraw], Awaitable[Done]], new: NewDraw) -> Callable[..., Awaitable[Done]]:
    return lambda session: work(session, new)


def _form(
    page: Page,
    draw: UUID | None,
    typed: dict[str, str],
    status: int = 200,
    faults: Faults | None = None,
    fault: str = "",
) -> HTMLResponse:
    return page.show(
        "draws/desk_form.html",
        status=status,
        tab="draws",
        draw=draw,
        form=Faults(typed),
        faults=faults or Faults(),
        fault=fault,
        modes=mode_texts(page.translate),
        profiles=profile_texts(page.translate),
        prize_kinds=prize_kind_texts(page.translate),
        chain=service.chain_of(page.shop.settings),
        amount_hint=amount_hint(page.shop.currency, page.translate),
        key=uuid4().hex,
        back=f"/desk/draws/{draw}/edit" if draw else "/desk/draws/new",
    )
