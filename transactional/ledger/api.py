"""JSON API of the ledger, for owner and auditor: balances, statements, what the check finds, months, exports."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from mingsuan.clock import business_date, now
from transactional.accounts.rules import may
from transactional.accounts.schemas import StaffSubject
from transactional.edge import AsStaff, Language, Reading, ShopHere, Writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    MissingIdempotencyKeyError,
    NotAllowedError,
    NotFoundError,
    NotLoggedInError,
)
from transactional.idempotency import CommandKey, Key, once
from transactional.ledger import check, export, months, service, statements
from transactional.ledger.errors import (
    LedgerBusyError,
    MonthNotEndedError,
    MonthOutOfOrderError,
    NothingToCloseError,
    TooLongForSheetError,
)
from transactional.ledger.heads_file import heads_file
from transactional.ledger.schemas import (
    FIRST_DAY,
    LAST_DAY,
    Books,
    ClosedMonth,
    Findings,
    FindingView,
    Months,
    MonthToClose,
    Statement,
    TrialBalance,
)
from transactional.problems import responses

router = APIRouter(prefix="/staff/ledger", tags=["staff"])
NEWEST_SEALS = 100


class FileKind(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    FileKind.CSV: "text/csv; charset=utf-8",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def reader(member: AsStaff) -> StaffSubject:
    """A member of staff who may see the ledger. Raises NotAllowedError."""
    if not may(member.role, "see_ledger"):
        raise NotAllowedError
    return member


AsReader = Annotated[StaffSubject, Depends(reader)]
Day = Annotated[date, Query(ge=FIRST_DAY, le=LAST_DAY)]
REFUSED = responses(NotLoggedInError, NotAllowedError)


@router.get("", responses=REFUSED)
async def show_books(member: AsReader, session: Reading) -> Books:  # noqa: ARG001
    """Balances of all accounts, debit positive, and the sums that must be zero."""
    return Books(accounts=await service.trial_balance(session), findings=await service.check(session))


@router.get("/findings", responses=REFUSED)
async def show_findings(member: AsReader, shop: ShopHere, language: Language) -> Findings:  # noqa: ARG001
    """The whole check of the ledger; rows are hashed again for the newest seals, by the command line for all."""
    found = await check.examine(shop.engine, heads_file(shop.settings), newest_seals=NEWEST_SEALS)
    return Findings(findings=tuple(FindingView(check=each.check, sentence=each.sentence(language)) for each in found))


@router.get("/trial-balance", responses=REFUSED)
async def show_trial_balance(
    member: AsReader,  # noqa: ARG001
    session: Reading,
    shop: ShopHere,
    until: Day | None = None,
) -> TrialBalance:
    """Balances at the end of a business date, today's unless given."""
    day = until or business_date(now(), shop.zone)
    return TrialBalance(until=day, accounts=await statements.trial_balance(session, day))


@router.get("/accounts/{account}/statement", responses=responses(NotLoggedInError, NotAllowedError, NotFoundError))
async def show_statement(
    member: AsReader,  # noqa: ARG001
    session: Reading,
    account: str,
    since: Day = FIRST_DAY,
    until: Day = LAST_DAY,
    customer: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> Statement:
    """What moved on an account, or on one customer's part of it: opening balance, lines, closing balance."""
    number = await statements.customer_number(session, customer) if customer else None
    period = (account, since, until)
    return await statements.statement(session, *period, customer_id=number, limit=limit, offset=offset)


@router.get("/months", responses=REFUSED)
async def show_months(member: AsReader, session: Reading) -> Months:  # noqa: ARG001
    """The closed months, and the next one to close."""
    return Months(closed=await months.closed_months(session), next_month=await months.next_to_close(session))


@router.post(
    "/months",
    status_code=201,
    responses=responses(
        NotLoggedInError,
        NotAllowedError,
        MonthNotEndedError,
        MonthOutOfOrderError,
        NothingToCloseError,
        LedgerBusyError,
        MissingIdempotencyKeyError,
        IdempotencyKeyReusedError,
    ),
)
async def close_month(member: AsStaff, session: Writing, shop: ShopHere, key: Key, body: MonthToClose) -> ClosedMonth:
    """Close the next ended month: nothing is dated into it any more. It cannot be opened again."""
    if not may(member.role, "close_month"):
        raise NotAllowedError

    async def work() -> ClosedMonth:
        return await months.close_month(session, body.month, member.id, shop.zone)

    command = CommandKey(f"staff:{member.public_id}", key, f"close month {body.month:%Y-%m}")
    return await once(session, command, ClosedMonth, work)


@router.get(
    "/journal",
    response_class=Response,
    responses={
        200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()}},
        **responses(NotLoggedInError, NotAllowedError, TooLongForSheetError),
    },
)
async def export_journal(
    member: AsReader,  # noqa: ARG001
    session: Reading,
    shop: ShopHere,
    language: Language,
    month: Day,
    kind: FileKind = FileKind.CSV,
) -> Response:
    """The accountant's export: the journal of the month that holds a day."""
    file = await export.journal_file(session, month, kind.value, shop.currency, shop.zone, language)
    name = f"attachment; filename=journal-{month:%Y-%m}.{kind.value}"
    return Response(file, media_type=MEDIA_TYPES[kind], headers={"Content-Disposition": name})
