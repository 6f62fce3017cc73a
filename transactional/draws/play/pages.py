"""A customer's page of limits and pauses for draws: what holds, what is used of it, and how to be left alone."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock, money
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen, faults_of
from transactional.db import reading, writing
from transactional.draws.play import limits, pauses
from transactional.draws.play.profiles import WINDOWS
from transactional.draws.play.wording import exclusion_texts, limit_texts, time_out_texts
from transactional.errors import ShopError
from transactional.idempotency import CommandKey, first_time
from transactional.web.page import Buyer, OpenPage, Page, go

router = APIRouter(prefix="/account/play", include_in_schema=False)
HOME = "/account/play"
Key = Annotated[str, Form(alias="idempotency_key", min_length=8, max_length=200)]
Typed = Annotated[str, Form(max_length=40)]


@router.get("")
async def shown(page: OpenPage, buyer: Buyer, done: Annotated[str, Query(max_length=20)] = "") -> HTMLResponse:
    return await _page(page, buyer.id, done=done)


@router.post("/limits")
async def set_limits(
    page: OpenPage,
    buyer: Buyer,
    key: Key,
    stake_day: Typed = "",
    stake_week: Typed = "",
    stake_month: Typed = "",
    loss_month: Typed = "",
) -> Response:
    """All of them at once; an empty field is no limit."""
    typed = dict(zip(WINDOWS, (stake_day, stake_week, stake_month, loss_month), strict=True))
    try:
        wanted = _amounts(page, typed)
        async with writing(page.shop.engine) as session:
            asked = CommandKey(f"customer:{buyer.id}", key, f"play limits {typed}")
            if await first_time(session, asked):
                await limits.set_limits(session, buyer.id, wanted, clock.now())
    except RefusedForm as refused:
        return await _page(page, buyer.id, typed=typed, faults=refused.faults)
    except ShopError as refusal:
        faults = faults_of(refusal, page.language)
        return await _page(page, buyer.id, typed=typed, faults=faults, fault=refusal.sentence(page.language))
    return go(f"{HOME}?done=limits")


@router.post("/pauses")
async def pause(
    page: OpenPage,
    buyer: Buyer,
    key: Key,
    kind: Annotated[str, Form(max_length=20)] = "",
    days: Annotated[int, Form(ge=0, le=10_000)] = 0,
    sure: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """From now on no draw takes an entry of this customer, until the time is over."""
    if not sure:
        return await _page(page, buyer.id, faults=Faults({f"{kind}-sure": page.translate("Confirm it first.")}))
    try:
        async with writing(page.shop.engine) as session:
            asked = CommandKey(f"customer:{buyer.id}", key, f"play pause {kind} {days}")
            if await first_time(session, asked):
                await pauses.pause(session, buyer.id, kind, timedelta(days=days), clock.now())
    except ShopError as refusal:
        faults = Faults({f"{kind}-days": " ".join(faults_of(refusal, page.language).values())})
        return await _page(page, buyer.id, faults=faults)
    return go(f"{HOME}?done=pause")


def _amounts(page: Page, typed: Mapping[str, str]) -> dict[str, int | None]:
    """Raises RefusedForm naming every field that is no amount."""
    wanted: dict[str, int | None] = {}
    faults = Faults()
    for kind, words in typed.items():
        try:
            plain = words.strip()
            wanted[kind] = amount_fen(kind, plain, page.shop.currency, page.translate) if plain else None
        except RefusedForm as refused:
            faults.update(refused.faults)
    if faults:
        raise RefusedForm(faults)
    return wanted


async def _page(
    page: Page,
    customer_id: int,
    *,
    done: str = "",
    typed: Mapping[str, str] | None = None,
    faults: Faults | None = None,
    fault: str = "",
) -> HTMLResponse:
    at = clock.now()
    async with reading(page.shop.engine) as session:
        standing = await limits.standing(session, customer_id, at)
        paused_until = await pauses.paused_until(session, customer_id, at)
        was_asked = await limits.was_asked(session, customer_id)
    return page.show(
        "draws/play.html",
        status=422 if faults or fault else 200,
        section="account",
        standing=standing,
        names=limit_texts(page.translate),
        typed=typed or {},
        was_asked=was_asked,
        paused_until=paused_until,
        time_outs=time_out_texts(page.translate),
        exclusions=exclusion_texts(page.translate),
        done=done,
        fault=fault,
        faults=faults or Faults(),
        key=lambda: uuid4().hex,
        currency=page.shop.currency,
        plain=lambda fen: "" if fen is None else money.plain(fen, page.shop.currency),
        back=HOME,
    )
