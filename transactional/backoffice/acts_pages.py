"""The page of what staff did: filtered, paged, exported; owner and auditor only."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from mingsuan import clock
from mingsuan.i18n import translator
from transactional.accounts.service import record_act
from transactional.backoffice import acts_queries
from transactional.backoffice.act_wording import act_texts, subject_address
from transactional.backoffice.acts_queries import Act, ActFilter, Place
from transactional.backoffice.exports import MEDIA_TYPES, Cell, csv_lines
from transactional.backoffice.roles import may
from transactional.db import reading, writing
from transactional.shop import Shop
from transactional.web.page import Clerk, DeskPage, Page, PageReading

A_PAGE = 50
COMMAND_LINE = "command-line"
HEADING = ("happened_at", "staff", "role", "act", "act_zh", "act_en", "subject", "reason", "detail")

router = APIRouter(prefix="/desk/acts", include_in_schema=False, dependencies=[Depends(may("see_acts"))])
Asked = Annotated[str, Query(max_length=200)]


@router.get("")
async def acts(
    page: DeskPage,
    session: PageReading,
    clerk: Clerk,
    who: Asked = "",
    act: Asked = "",
    subject: Asked = "",
    since: Asked = "",
    until: Asked = "",
    before: Asked = "",
    format: Asked = "",  # noqa: A002  (the parameter's public name)
) -> Response:
    wanted = _filter(page.shop.zone, who, act, subject, since, until)
    asked = {"who": who, "act": act, "subject": subject, "since": since, "until": until}
    asked = {name: value for name, value in asked.items() if value}
    if format == "csv":
        return await _export(page.shop, clerk.id, wanted, asked)
    return await _list(page, session, wanted, asked, before)


async def _list(
    page: Page, session: PageReading, wanted: ActFilter, asked: dict[str, str], before: str
) -> HTMLResponse:
    found = await acts_queries.acts(session, wanted, _place(before), A_PAGE + 1)
    words = act_texts(page.translate)
    older = found[A_PAGE - 1] if len(found) > A_PAGE else None
    onward = {**asked, "before": f"{older.happened_at.isoformat()}~{older.id}"} if older else None
    members = await acts_queries.names(session)
    return page.show(
        "backoffice/acts.html",
        tab="acts",
        acts=found[:A_PAGE],
        words=words,
        address_of=subject_address,
        detail_of=lambda each: _detail(each, page.money),
        about=lambda each: members.get(each.subject.removeprefix("staff:"), each.subject),
        asked={"who": "", "act": "", "subject": "", "since": "", "until": "", **asked},
        is_filtered=bool(asked),
        query_string=urlencode(asked),
        members={**members, COMMAND_LINE: page.translate("Command line")},
        kinds={kind: words.get(kind, kind) for kind in await acts_queries.kinds(session)},
        older=f"/desk/acts?{urlencode(onward)}" if onward else "",
        newest=f"/desk/acts?{urlencode(asked)}" if before else "",
    )


async def _export(shop: Shop, staff_id: int, wanted: ActFilter, asked: dict[str, str]) -> StreamingResponse:
    """The export itself is an act; it is on record before the first line goes out."""
    async with writing(shop.engine) as session:
        await record_act(session, staff_id, "export_acts", "acts", detail=asked)
    name = f"acts-{clock.now():%Y%m%d-%H%M}.csv"
    lines = csv_lines(HEADING, _rows(shop, wanted))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines, media_type=MEDIA_TYPES["csv"], headers=headers)


async def _rows(shop: Shop, wanted: ActFilter) -> AsyncIterator[list[list[Cell]]]:
    chinese, english = (act_texts(translator(language, "shop")) for language in ("zh_CN", "en"))
    async with reading(shop.engine) as session:
        async for batch in acts_queries.every_act(session, wanted):
            yield [_row(each, chinese, english, shop.zone) for each in batch]


def _row(each: Act, chinese: dict[str, str], english: dict[str, str], zone: ZoneInfo) -> list[Cell]:
    return [
        each.happened_at.astimezone(zone).isoformat(timespec="seconds"),
        each.staff_name or COMMAND_LINE,
        each.staff_role or "",
        each.act,
        chinese.get(each.act, each.act),
        english.get(each.act, each.act),
        each.subject,
        each.reason,
        json.dumps(each.detail, ensure_ascii=False) if each.detail else "",
    ]


def _detail(each: Act, money: Callable[[int], str]) -> list[tuple[str, str]]:
    """The particulars, each value short enough to read, sums of money as such."""
    shown = []
    for name, value in each.detail.items():
        if name.endswith("_fen") and isinstance(value, int):
            shown.append((name.removesuffix("_fen").replace("_", " "), money(value)))
        elif value not in (None, ""):
            shown.append((name.replace("_", " "), _short(value)))
    return shown


def _short(value: object) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 200 else f"{shown[:200]}…"


def _filter(zone: ZoneInfo, who: str, act: str, subject: str, since: str, until: str) -> ActFilter:
    """What cannot be understood asks for nothing that exists, or for nothing at all."""
    member = None
    if who and who != COMMAND_LINE:
        try:
            member = UUID(who)
        except ValueError:
            member = UUID(int=0)
    first, last = _day(since), _day(until)
    return ActFilter(
        member,
        who == COMMAND_LINE,
        act or None,
        subject.strip() or None,
        datetime.combine(first, time.min, zone) if first else None,
        datetime.combine(last + timedelta(days=1), time.min, zone) if last else None,
    )


def _day(typed: str) -> date | None:
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return None
    return found if 2000 <= found.year < 9000 else None


def _place(before: str) -> Place | None:
    at, tilde, number = before.partition("~")
    if tilde and number.isascii() and number.isdigit() and len(number) < 19:
        with suppress(ValueError):
            instant = datetime.fromisoformat(at)
            return Place(instant, int(number)) if instant.tzinfo else None
    return None
