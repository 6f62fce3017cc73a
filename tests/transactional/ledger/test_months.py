"""Closed months: in order, after every writer, and never dated into again."""

import asyncio
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.ledger.selling import Selling
from transactional.db import WriteSession, writing
from transactional.ledger import bulk, months, service
from transactional.ledger.errors import LedgerBusyError, MonthNotEndedError, MonthOutOfOrderError, NothingToCloseError
from transactional.ledger.rules import codes_bought, wallet_credited

pytestmark = pytest.mark.anyio

SHANGHAI = ZoneInfo("Asia/Shanghai")
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
IN_JANUARY = datetime(2026, 1, 10, tzinfo=UTC)
LAST_OF_JANUARY = datetime(2026, 1, 31, 15, 59, 59, tzinfo=UTC)
FIRST_OF_FEBRUARY = datetime(2026, 1, 31, 16, tzinfo=UTC)
IN_MARCH = datetime(2026, 3, 5, tzinfo=UTC)


async def close(session: WriteSession, month: date, now: datetime = IN_MARCH) -> None:
    with clock.at(now):
        await months.close_month(session, month, None, SHANGHAI)


async def dates(session: WriteSession) -> dict[str, date]:
    rows = await session.execute(text("select reference, ledger_date from shop.ledger_transaction"))
    return {row.reference: row.ledger_date for row in rows}


async def test_what_belongs_to_a_closed_month_is_dated_the_first_open_day(session: WriteSession) -> None:
    await service.post(session, [codes_bought(1, 100, IN_JANUARY)], SHANGHAI)
    await close(session, JANUARY)
    late = [codes_bought(2, 100, LAST_OF_JANUARY), codes_bought(3, 100, IN_MARCH)]
    await service.post(session, late, SHANGHAI)
    assert await dates(session) == {
        "batch:1": date(2026, 1, 10),
        "batch:2": FEBRUARY,
        "batch:3": date(2026, 3, 5),
    }


async def test_document_lines_keep_the_instant_at_which_it_happened(session: WriteSession) -> None:
    await service.post(session, [codes_bought(1, 100, IN_JANUARY)], SHANGHAI)
    await close(session, JANUARY)
    customer = await session.scalar(text("insert into shop.customer default values returning id"))
    await service.post(session, [wallet_credited("g", customer or 0, 5, "goodwill", LAST_OF_JANUARY)], SHANGHAI)
    row = (await session.execute(text("select effective_at from shop.document_line"))).one()
    assert row.effective_at == LAST_OF_JANUARY


async def test_the_shops_calendar_says_when_a_month_has_ended(session: WriteSession) -> None:
    await service.post(session, [codes_bought(1, 100, IN_JANUARY)], SHANGHAI)
    with pytest.raises(MonthNotEndedError, match="2026-01"):
        await close(session, date(2026, 1, 20), LAST_OF_JANUARY)
    await close(session, date(2026, 1, 20), FIRST_OF_FEBRUARY)
    [closed] = await months.closed_months(session)
    assert (closed.month, closed.closed_by) == (JANUARY, None)
    acts = await session.execute(text("select act, subject from shop.staff_act"))
    assert [tuple(row) for row in acts] == [("close_month", "month:2026-01")]


async def test_months_are_closed_in_order_from_the_first_posting_on(session: WriteSession) -> None:
    with pytest.raises(NothingToCloseError):
        await close(session, JANUARY)
    await service.post(session, [codes_bought(1, 100, IN_JANUARY)], SHANGHAI)
    for wrong in (date(2025, 12, 1), FEBRUARY):
        with pytest.raises(MonthOutOfOrderError, match="2026-01"):
            await close(session, wrong)
    await close(session, JANUARY)
    with pytest.raises(MonthOutOfOrderError, match="2026-02"):
        await close(session, JANUARY)
    await close(session, FEBRUARY)
    assert await months.next_to_close(session) == MARCH


async def test_december_is_followed_by_january() -> None:
    assert months.month_after(date(2025, 12, 1)) == JANUARY
    assert months.month_after(JANUARY) == FEBRUARY


async def test_the_database_refuses_a_date_in_a_closed_month_whoever_writes_it(session: WriteSession) -> None:
    await service.post(session, [codes_bought(1, 100, IN_JANUARY)], SHANGHAI)
    await close(session, JANUARY)
    with pytest.raises(IntegrityError, match="in a closed month"):
        await session.execute(
            text(
                "insert into shop.ledger_transaction (reference, event, effective_at, ledger_date)"
                " values ('x', 'x', now(), '2026-01-31')"
            )
        )


async def test_closing_waits_for_a_writer_and_gives_up_on_a_long_one(
    selling: Selling, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = selling.stocked.shop.engine
    async with writing(engine) as session:
        await service.post(session, [codes_bought(91, 100, IN_JANUARY)], SHANGHAI)
    async with writing(engine) as writer:
        await service.post(writer, [codes_bought(92, 100, LAST_OF_JANUARY)], SHANGHAI)
        monkeypatch.setattr(months, "LOCK_WAIT_S", 0.2)
        with pytest.raises(LedgerBusyError):
            await _close_in_own_transaction(selling)
        monkeypatch.setattr(months, "LOCK_WAIT_S", 60)
        closing = asyncio.create_task(_close_in_own_transaction(selling))
        await _waiting(selling, 1)
        later = asyncio.create_task(_post_in_own_transaction(selling))
        await _waiting(selling, 2)
    await asyncio.gather(closing, later)
    found = dict(selling.as_superuser("select reference, ledger_date from shop.ledger_transaction"))
    assert (found["batch:92"], found["batch:93"]) == (date(2026, 1, 31), FEBRUARY)
    assert not [sentence for sentence in await selling.found() if "month" in sentence]


async def _waiting(selling: Selling, count: int) -> None:
    """Returns when so many transactions of this database wait for the ledger's table."""
    waiting = (
        "select 1 from pg_locks where not granted and relation = 'shop.ledger_transaction'::regclass"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    async with asyncio.timeout(60):
        while len(await asyncio.to_thread(selling.as_superuser, waiting)) < count:
            await asyncio.sleep(0)


async def _close_in_own_transaction(selling: Selling) -> None:
    async with writing(selling.stocked.shop.engine) as session:
        await close(session, JANUARY)


async def _post_in_own_transaction(selling: Selling) -> None:
    async with writing(selling.stocked.shop.engine) as session:
        await service.post(session, [codes_bought(93, 100, LAST_OF_JANUARY)], SHANGHAI)


async def test_an_import_dates_the_same_way(fresh_database: DatabaseUrls) -> None:
    with psycopg.connect(fresh_database.app) as connection:
        bulk.write(connection, [codes_bought(1, 100, IN_JANUARY)], SHANGHAI)
        connection.execute("insert into shop.month_close (month) values ('2026-01-01')")
        bulk.write(connection, [codes_bought(2, 100, IN_JANUARY), codes_bought(3, 100, IN_MARCH)], SHANGHAI)
        found = connection.execute("select reference, ledger_date from shop.ledger_transaction order by id").fetchall()
    assert found == [("batch:1", date(2026, 1, 10)), ("batch:2", FEBRUARY), ("batch:3", date(2026, 3, 5))]


async def test_a_sale_goes_on_after_a_month_was_closed(selling: Selling) -> None:
    await selling.sell("li")
    [[today]] = selling.as_superuser("select max(ledger_date) from shop.ledger_transaction")
    month = today.replace(day=1)
    selling.as_superuser(f"insert into shop.month_close (month) values ('{month}')")
    placed = await selling.sell("wang")
    assert placed.state == "delivered"
    [[latest]] = selling.as_superuser("select max(ledger_date) from shop.ledger_transaction")
    assert latest == months.month_after(month)
