"""The desk's pages of suppliers' statements: uploaded, compared line by line, each difference settled."""

import re
from datetime import date
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, File, Form, Query, UploadFile
from fastapi.responses import HTMLResponse, Response

from transactional.backoffice.errors import ReasonNeededError
from transactional.backoffice.forms import Faults, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, Reason, do_once
from transactional.backoffice.roles import may
from transactional.db import WriteSession, reading
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError, ShopError, TooLargeError
from transactional.statement_intake import LARGEST_FILE_MIB, digest_of
from transactional.suppliers.errors import RefusedStatementError
from transactional.suppliers.money import money_views, statement_settling, statements
from transactional.suppliers.money.money_wording import (
    done_texts,
    line_kind_texts,
    settled_texts,
    show_texts,
    source_texts,
    verdict_texts,
)
from transactional.suppliers.money.statement_settling import Way
from transactional.suppliers.money.statements import NewStatement
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk/statements", include_in_schema=False, dependencies=[Depends(may("see_supply"))])
may_reconcile = Depends(may("reconcile"))
SHOWN = ("open", "differences", "matched", "amount_differs", "theirs_only", "ours_only", "all")
PLACE = re.compile(r"row (?P<row>\d+)(?:, column (?P<column>\w+))?")
Day = Annotated[str, Form(max_length=10)]


@router.get("")
async def listed(
    page: DeskPage,
    session: PageReading,
    channel: Annotated[UUID | None, Query()] = None,
    before: Annotated[UUID | None, Query()] = None,
) -> HTMLResponse:
    return await _list(page, session, channel=channel, before=before)


@router.post("", dependencies=[may_reconcile])
async def upload(
    page: DeskPage,
    clerk: Clerk,
    session: PageReading,
    key: FormKey,
    channel: Annotated[str, Form(max_length=40)] = "",
    since: Day = "",
    until: Day = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Whole or not at all; what was stored before is shown as it is."""
    form = Faults({"channel": channel, "since": since, "until": until})
    try:
        new = await _new(session, channel, (since, until), file)

        async def work(session: WriteSession) -> Done:
            taken = await statements.take_in(session, new, page.shop.zone, page.shop.currency, clerk.id)
            return Done(said=str(taken.id), count=int(taken.is_new))

        asked = f"statement {channel} {since} {until} {digest_of(new.content).hex()}"
        done = await do_once(page, clerk, key, asked, Done, work)
    except ShopError as refusal:
        return await _list(page, session, form=form, refusal=refusal)
    return go(f"/desk/statements/{done.said}?done={'taken' if done.count else 'known'}")


@router.get("/{statement}")
async def one(
    page: DeskPage,
    statement: UUID,
    show: Annotated[str, Query(max_length=20)] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    return await _shown(page, statement, show, number, done=done_texts(page.translate).get(done, ""))


@router.post("/{statement}/lines/{line}", dependencies=[may_reconcile])
async def settle(
    page: DeskPage,
    clerk: Clerk,
    statement: UUID,
    line: UUID,
    key: FormKey,
    way: Annotated[Way, Form()],
    show: Annotated[str, Form(max_length=20)] = "",
    reason: Reason = "",
) -> Response:
    async def work(session: WriteSession) -> Done:
        await statement_settling.settle(session, line, way, reason.strip(), clerk.id, page.shop.zone)
        return Done(said=way)

    try:
        if not reason.strip():
            raise ReasonNeededError
        await do_once(page, clerk, key, f"settle {line} {way} {reason}", Done, work)
    except NotFoundError:
        raise
    except ShopError as refusal:
        fault = sentence_of(refusal, page.language)
        return await _shown(page, statement, show, 1, status=refusal.status, fault=fault)
    return go(f"/desk/statements/{statement}?show={show if show in SHOWN else ''}&done={way}")


async def _new(session: PageReading, channel: str, typed: tuple[str, str], file: UploadFile | None) -> NewStatement:
    """Raises InvalidInputError, TooLargeError."""
    problems = []
    named = _uuid(channel)
    channel_id = await money_views.channel_id(session, named) if named else None
    if channel_id is None:
        problems.append(FieldProblem("channel", "Choose the channel."))
    if file is None or not file.filename:
        problems.append(FieldProblem("file", "Choose a file."))
    try:
        days = _days(*typed)
    except ValueError:
        problems.append(FieldProblem("since", "Type the first and the last day, or neither."))
        days = None
    if problems or channel_id is None or file is None:
        raise InvalidInputError(problems)
    content = await file.read(LARGEST_FILE_MIB * 2**20 + 1)
    if len(content) > LARGEST_FILE_MIB * 2**20:
        raise TooLargeError(limit_mib=LARGEST_FILE_MIB)
    return NewStatement(channel_id, file.filename or "", content, "desk", days)


def _uuid(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _days(since: str, until: str) -> tuple[date, date] | None:
    """Raises ValueError."""
    if not since and not until:
        return None
    first, last = date.fromisoformat(since or until), date.fromisoformat(until or since)
    if last < first:
        raise ValueError("ends before it begins")
    return first, last


async def _list(
    page: Page,
    session: PageReading,
    *,
    channel: UUID | None = None,
    before: UUID | None = None,
    form: Faults | None = None,
    refusal: ShopError | None = None,
) -> HTMLResponse:
    rows, more = await money_views.statements(session, channel=channel, before=before)
    onward = f"/desk/statements?{f'channel={channel}&' if channel else ''}"
    return page.show(
        "suppliers/statements.html",
        status=refusal.status if refusal else 200,
        tab="statements",
        statements=rows,
        channels=await money_views.channels(session),
        channel=channel or "",
        older=f"{onward}before={rows[-1].public_id}" if more else "",
        newest=onward.rstrip("?&") if before else "",
        sources=source_texts(page.translate),
        form=form or Faults({"channel": str(channel or "")}),
        **_refused(page, refusal),
        key=uuid4().hex,
        back="/desk/statements",
    )


def _refused(page: Page, refusal: ShopError | None) -> dict[str, Any]:
    """The sentence, and for a file each bad cell."""
    if not isinstance(refusal, RefusedStatementError):
        return {"fault": sentence_of(refusal, page.language) if refusal else "", "cells": []}
    cells = [_cell(problem, page.language) for problem in refusal.problems]
    return {"fault": refusal.sentence(page.language), "cells": cells}


def _cell(problem: FieldProblem, language: str) -> dict[str, str]:
    place = PLACE.fullmatch(problem.place)
    found = place.groupdict(default="") if place else {"row": "", "column": ""}
    return {**found, "reason": problem.sentence(language)}


async def _shown(
    page: Page, statement: UUID, show: str, number: int, *, status: int = 200, done: str = "", fault: str = ""
) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        found = await money_views.statement(session, statement)
        if found is None:
            raise NotFoundError
        differing = found.line_count + found.ours_only > found.matched
        shown = show if show in SHOWN else "differences" if differing else "all"
        lines, more = await money_views.lines(session, found.id, shown, number)
    _ = page.translate
    return page.show(
        "suppliers/statements_one.html",
        status=status,
        tab="statements",
        statement=found,
        lines=lines,
        currency=page.shop.currency,
        show=shown,
        shows=show_texts(_),
        page=number,
        more=more,
        verdicts=verdict_texts(_),
        settled=settled_texts(_),
        kinds=line_kind_texts(_),
        sources=source_texts(_),
        key=lambda: uuid4().hex,
        done=done,
        fault=fault,
        back=f"/desk/statements/{statement}",
    )
