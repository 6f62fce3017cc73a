"""The wallet: balance, what can be done with it and why not, and a statement whose every line explains itself."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from mingsuan import clock
from mingsuan.clock import start_of
from transactional.accounts.persons import identity
from transactional.wallets import service, top_up_pages, withdrawal_pages
from transactional.wallets.rules import no_top_up, withdrawable_fen
from transactional.wallets.wording import kinds, line_text, no_top_up_text, withdrawal_states
from transactional.web.page import Buyer, OpenPage, PageReading

LINES_A_PAGE = 30

router = APIRouter(include_in_schema=False)
router.include_router(top_up_pages.router)
router.include_router(withdrawal_pages.router)


@router.get("/wallet")
async def wallet(
    page: OpenPage,
    buyer: Buyer,
    session: PageReading,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
    kind: Annotated[str, Query(max_length=20)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
) -> HTMLResponse:
    allowed = service.profile_of(page.shop)
    room = await service.room(session, page.shop, buyer.id, clock.now())
    name = await identity.verified_name(session, page.shop.vault, buyer.id)
    span = span_of(since, until, page.shop.zone)
    lines = await service.statement(
        session,
        (buyer.id, buyer.public_id),
        kind=kind,
        since=span[0],
        until=span[1],
        limit=LINES_A_PAGE + 1,
        offset=(number - 1) * LINES_A_PAGE,
    )
    why = no_top_up(allowed, room, bool(page.shop.gateways))
    return page.show(
        "wallets/wallet.html",
        section="wallet",
        balance_fen=room.balance_fen,
        held_fen=room.held_fen,
        withdrawable_fen=withdrawable_fen(allowed, room, name is not None),
        needs_name=allowed.withdraw_to == "bank" and name is None and room.balance_fen > room.back_fen,
        no_top_up=no_top_up_text(why, page.translate) if why else "",
        withdrawals=await service.withdrawals_of(session, buyer.id),
        states=withdrawal_states(page.translate),
        lines=lines[:LINES_A_PAGE],
        line_text=partial(line_text, _=page.translate),
        kinds=kinds(page.translate),
        chosen={"kind": kind, "since": since, "until": until},
        filters=filters_of({"kind": kind, "since": since, "until": until}),
        page=number,
        more=len(lines) > LINES_A_PAGE,
    )


def span_of(since: str, until: str, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """From the start of one business day to the end of another; what is no date is no limit."""
    first, last = _day(since), _day(until)
    return start_of(first, zone) if first else None, start_of(last + timedelta(days=1), zone) if last else None


def _day(typed: str) -> date | None:
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None


def filters_of(chosen: Mapping[str, str]) -> str:
    """The filters that are set, as an address carries them; ends so that more can follow."""
    kept = urlencode({name: value for name, value in chosen.items() if value})
    return f"{kept}&" if kept else ""
