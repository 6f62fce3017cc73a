"""Pages of the desk: the ledger: balances, statements, postings, seals, months, exports. For owner and auditor."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock, money
from transactional.accounts.service import record_act
from transactional.backoffice import exports, ledger_queries
from transactional.backoffice.errors import TooManyRowsError
from transactional.backoffice.exports import Cell
from transactional.backoffice.forms import sentence_of
from transactional.backoffice.once_at_desk import FormKey, do_once
from transactional.backoffice.review_wording import done_texts
from transactional.backoffice.roles import may
from transactional.db import WriteSession, writing
from transactional.errors import NotFoundError, ShopError
from transactional.ledger import check, export, months, seals, statements
from transactional.ledger.events import name_of
from transactional.ledger.heads_file import heads_file
from transactional.ledger.schemas import FIRST_DAY, LAST_DAY, ClosedMonth, Statement
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk/ledger", include_in_schema=False, dependencies=[Depends(may("see_ledger"))])
LINES_A_PAGE = 100
NEWEST_SEALS = 100
Format = Annotated[str, Form(pattern="^(csv|xlsx)$")]
Day = Annotated[str, Query(max_length=10)]


def day(typed: str, otherwise: date) -> date:
    """What was typed, or the other one when it is no day of the ledger."""
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return otherwise
    return found if FIRST_DAY <= found <= LAST_DAY else otherwise


@router.get("")
async def balances(page: DeskPage, session: PageReading, until: Day = "") -> HTMLResponse:
    as_of = day(until, clock.business_date(clock.now(), page.shop.zone))
    found = await statements.trial_balance(session, as_of)
    return page.show(
        "backoffice/ledger.html",
        tab="ledger",
        accounts=found,
        until=as_of.isoformat(),
        debit_fen=sum(each.balance_fen for each in found if each.balance_fen > 0),
        credit_fen=-sum(each.balance_fen for each in found if each.balance_fen < 0),
    )


@router.get("/accounts/{account}")
async def statement(
    account: str,
    page: DeskPage,
    session: PageReading,
    since: Day = "",
    until: Day = "",
    number: Annotated[int, Query(alias="page", ge=1, le=1_000_000)] = 1,
) -> HTMLResponse:
    """What moved on an account, a page of lines; sums are of the whole period."""
    today = clock.business_date(clock.now(), page.shop.zone)
    first, last = day(since, today.replace(day=1)), day(until, today)
    found = await statements.statement(
        session, account, first, last, limit=LINES_A_PAGE, offset=(number - 1) * LINES_A_PAGE
    )
    return page.show(
        "backoffice/ledger_statement.html",
        tab="ledger",
        statement=found,
        since=first.isoformat(),
        until=last.isoformat(),
        page=number,
        more=number * LINES_A_PAGE < found.line_count,
        event_name=lambda event: name_of(event, page.language),
        most_rows=exports.MOST_ROWS,
    )


@router.post("/accounts/{account}/export")
async def export_statement(
    account: str,
    page: DeskPage,
    clerk: Clerk,
    format: Format,  # noqa: A002
    since: Annotated[str, Form(max_length=10)],
    until: Annotated[str, Form(max_length=10)],
) -> Response:
    """Every line of the period. Raises TooManyRowsError, NotFoundError."""
    first, last = day(since, FIRST_DAY), day(until, LAST_DAY)
    most = exports.MOST_XLSX_ROWS
    async with writing(page.shop.engine) as session:
        found = await statements.statement(session, account, first, last, limit=most)
        if found.line_count > most:
            raise TooManyRowsError(most=f"{most:,}")
        detail = {"since": str(first), "until": str(last), "format": format, "rows": found.line_count}
        await record_act(session, clerk.id, "export_statement", f"account:{account}", detail=detail)
    heading, rows = _sheet(page, found)
    name = f"{account}-{first}-{last}.{format}"
    if format == "csv":
        content = exports.csv_file(heading, rows)
    else:
        content = await asyncio.to_thread(exports.xlsx, heading, rows, account)
    return _file(content, name, format)


@router.get("/transactions")
async def by_reference(session: PageReading, reference: str = "") -> Response:
    """Raises NotFoundError."""
    found = await ledger_queries.named(session, reference.strip())
    if found is None:
        raise NotFoundError
    return go(f"/desk/ledger/transactions/{found}")


@router.get("/transactions/{transaction_id}")
async def posting(transaction_id: UUID, page: DeskPage, session: PageReading) -> HTMLResponse:
    found = await ledger_queries.posting(session, transaction_id)
    if found is None:
        raise NotFoundError
    entries, lines, seal = await ledger_queries.parts(session, found.id)
    return page.show(
        "backoffice/ledger_transaction.html",
        tab="ledger",
        posting=found,
        entries=entries,
        lines=lines,
        seal=seal,
        title=name_of(found.event, page.language),
    )


@router.get("/seals")
async def sealed(
    page: DeskPage,
    session: PageReading,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    checked: bool = False,
) -> HTMLResponse:
    """The seals, and with `checked` what the whole check of the books finds."""
    rows, more = await ledger_queries.seals(session, before)
    findings = None
    if checked:
        found = await check.examine(page.shop.engine, heads_file(page.shop.settings), newest_seals=NEWEST_SEALS)
        findings = [each.sentence(page.language) for each in found]
    return page.show(
        "backoffice/ledger_seals.html",
        tab="ledger",
        seals=rows,
        older=f"/desk/ledger/seals?before={rows[-1].seal_no}" if more else "",
        newest="/desk/ledger/seals" if before else "",
        minutes=int((await seals.unsealed_age(session)).total_seconds() // 60),
        findings=findings,
    )


@router.get("/months")
async def closed(page: DeskPage, session: PageReading, done: str = "") -> HTMLResponse:
    return await _months(page, session, done=done)


@router.post("/months", dependencies=[Depends(may("close_month"))])
async def close(
    page: DeskPage, clerk: Clerk, session: PageReading, key: FormKey, month: Annotated[date, Form()]
) -> Response:
    async def work(writer: WriteSession) -> ClosedMonth:
        return await months.close_month(writer, month, clerk.id, page.shop.zone)

    try:
        await do_once(page, clerk, key, f"close month {month:%Y-%m}", ClosedMonth, work)
    except ShopError as refusal:
        return await _months(page, session, status=refusal.status, fault=sentence_of(refusal, page.language))
    return go("/desk/ledger/months?done=month_closed")


@router.post("/months/{month}/journal")
async def journal(month: date, page: DeskPage, clerk: Clerk, format: Format) -> Response:  # noqa: A002
    """The accountant's export of a month. Raises TooLongForSheetError."""
    kind: Literal["csv", "xlsx"] = "csv" if format == "csv" else "xlsx"
    async with writing(page.shop.engine) as session:
        content = await export.journal_file(session, month, kind, page.shop.currency, page.shop.zone, page.language)
        await record_act(session, clerk.id, "export_journal", f"month:{month:%Y-%m}", detail={"format": format})
    return _file(content, f"journal-{month:%Y-%m}.{format}", format)


async def _months(
    page: Page, session: PageReading, *, status: int = 200, done: str = "", fault: str = ""
) -> HTMLResponse:
    next_month = await months.next_to_close(session)
    today = clock.business_date(clock.now(), page.shop.zone)
    return page.show(
        "backoffice/ledger_months.html",
        status=status,
        tab="ledger",
        closed=list(reversed(await months.closed_months(session))),
        next_month=next_month,
        has_ended=next_month is not None and months.month_after(next_month) <= today,
        this_month=today.replace(day=1),
        key=uuid4().hex,
        done=done_texts(page.translate).get(done, ""),
        fault=fault,
    )


def _sheet(page: Page, found: Statement) -> tuple[list[str], list[list[Cell]]]:
    _ = page.translate
    heading = [_("Date in the ledger"), _("Event"), _("Reference"), _("Order"), _("Debit"), _("Credit"), _("Balance")]
    rows: list[list[Cell]] = [
        [
            line.ledger_date.isoformat(),
            name_of(line.event, page.language),
            line.reference,
            line.order_no or "",
            *(
                Decimal(money.plain(fen, page.shop.currency))
                for fen in (line.debit_fen, line.credit_fen, line.balance_fen)
            ),
        ]
        for line in found.lines
    ]
    return heading, rows


def _file(content: bytes, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return Response(content, 200, headers, exports.MEDIA_TYPES[kind])
