"""Closing months: from then on nothing is dated into them any more. How a posting is dated belongs to `rows`."""

from datetime import date, tzinfo

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.db import ReadSession, WriteSession
from transactional.ledger.errors import LedgerBusyError, MonthNotEndedError, MonthOutOfOrderError, NothingToCloseError
from transactional.ledger.schemas import ClosedMonth

LOCK_WAIT_S = 5
LOCK_NOT_AVAILABLE = "55P03"
WAIT_FOR_WRITERS = text("select shop.wait_for_ledger_writers()")
FIRST_AND_LAST = text("""
select (select date_trunc('month', min(ledger_date))::date from shop.ledger_transaction) as first_posted,
    (select max(month) from shop.month_close) as last_closed
""")
CLOSE = text("""
insert into shop.month_close (month, closed_by, closed_at) values (:month, :staff_id, clock_timestamp())
returning month, closed_at, cast(null as text) as closed_by
""")
CLOSED = text("""
select c.month, c.closed_at, s.email as closed_by from shop.month_close as c
left join shop.staff as s on s.id = c.closed_by order by c.month
""")


def month_after(month: date) -> date:
    """First day of the month after the one that begins on `month`."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


async def close_month(session: WriteSession, month: date, staff_id: int | None, zone: tzinfo) -> ClosedMonth:
    """Close the month that holds the date `month`, in the caller's transaction, and record who did it.

    Waits until every transaction that is posting has ended, and lets none begin meanwhile. Months are closed in order
    from the first posting's on. Raises MonthNotEndedError, MonthOutOfOrderError, NothingToCloseError, and
    LedgerBusyError when a writer takes longer than LOCK_WAIT_S: the transaction is then to be given up.
    """
    month = month.replace(day=1)
    if clock.business_date(clock.now(), zone) < month_after(month):
        raise MonthNotEndedError(month=f"{month:%Y-%m}")
    await _wait_for_writers(session)
    next_month = await next_to_close(session)
    if next_month is None:
        raise NothingToCloseError
    if month != next_month:
        raise MonthOutOfOrderError(month=f"{month:%Y-%m}", expected=f"{next_month:%Y-%m}")
    closed = (await session.execute(CLOSE, {"month": month, "staff_id": staff_id})).one()
    await accounts.record_act(session, staff_id, "close_month", f"month:{month:%Y-%m}")
    return ClosedMonth.model_validate(closed)


async def next_to_close(session: ReadSession) -> date | None:
    """First day of the next month to close, ended or not; None while nothing was ever posted."""
    found = (await session.execute(FIRST_AND_LAST)).one()
    if found.last_closed is not None:
        return month_after(found.last_closed)
    first: date | None = found.first_posted
    return first


async def closed_months(session: ReadSession) -> tuple[ClosedMonth, ...]:
    """Every closed month, oldest first."""
    return tuple(ClosedMonth.model_validate(row) for row in await session.execute(CLOSED))


async def _wait_for_writers(session: WriteSession) -> None:
    await session.execute(text(f"set local lock_timeout = '{LOCK_WAIT_S}s'"))
    try:
        await session.execute(WAIT_FOR_WRITERS)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise LedgerBusyError from None
        raise
