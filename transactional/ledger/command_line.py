"""What the command line does with the ledger: check, seal, close months, statements, exports. Texts are English.

Each function opens the database by itself; none needs the shop's card keys, so that an auditor can run them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock, money
from mingsuan.settings import Settings
from transactional.accounts import service as accounts
from transactional.db import engine, reading, writing
from transactional.errors import NotFoundError, ShopError
from transactional.ledger import check, export, months, seals, statements
from transactional.ledger.events import name_of
from transactional.ledger.heads import HeadsError
from transactional.ledger.heads_file import heads_file
from transactional.profile_service import ensure_profile

Answer = TypeVar("Answer")


class LedgerRefusedError(RuntimeError):
    """A command was refused; the message is a sentence for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Table:
    """Something to print: a title, headings and rows of text."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Books:
    """The database and what its shop counts in."""

    source: AsyncEngine
    currency: str
    zone: ZoneInfo


def findings(app_url: str, settings: Settings) -> list[str]:
    """A sentence for everything that is wrong with the ledger."""

    async def work(books: Books) -> list[str]:
        return [finding.sentence() for finding in await check.examine(books.source, heads_file(settings))]

    return _run(app_url, settings, work)


def seal(app_url: str, settings: Settings, *, republish: bool = False, accept_loss: str | None = None) -> str:
    """Seal what is not sealed. Raises LedgerRefusedError when rows, seals and published heads contradict each other."""

    async def work(books: Books) -> str:
        file = heads_file(settings)
        if accept_loss is not None:
            loss = await seals.accept_loss(books.source, file, accept_loss)
            return f"Recorded, signed, that seals {loss.lost_from} to {loss.lost_to} are lost."
        done = await seals.seal(books.source, file, republish=republish)
        return f"Sealed {done.transactions:,} transactions in {done.seals} seals; heads are in {file.path}."

    return _run(app_url, settings, work)


def close_month(app_url: str, settings: Settings, month: date) -> str:
    """Close the month of this day. Raises LedgerRefusedError."""

    async def work(books: Books) -> str:
        async with writing(books.source) as session:
            closed = await months.close_month(session, month, None, books.zone)
        return f"{closed.month:%Y-%m} is closed: nothing is dated into it any more."

    return _run(app_url, settings, work)


def trial_balance(app_url: str, settings: Settings, until: date | None) -> Table:
    """Balances at the end of a day, today unless given."""

    async def work(books: Books) -> Table:
        day = until or clock.business_date(clock.now(), books.zone)
        async with reading(books.source) as session:
            found = await statements.trial_balance(session, day)
        rows = [(each.code, each.name_zh, each.name_en, *_sides(each.balance_fen, books.currency)) for each in found]
        sums = [sum(max(side * each.balance_fen, 0) for each in found) for side in (1, -1)]
        total = ("", "", "Total", *(money.plain(fen, books.currency) for fen in sums))
        return Table(
            f"Trial balance at the end of {day}", ("Account", "名称", "Name", "Debit", "Credit"), [*rows, total]
        )

    return _run(app_url, settings, work)


def statement(
    app_url: str, settings: Settings, account: str, customer: str | None, since: date, until: date, limit: int
) -> Table:
    """What moved on an account, or on one customer's part of it (by e-mail address). Raises LedgerRefusedError."""

    async def work(books: Books) -> Table:
        async with reading(books.source) as session:
            number = (await accounts.customer_named(session, customer)).id if customer else None
            found = await statements.statement(session, account, since, until, customer_id=number, limit=limit)
        rows: list[Sequence[str]] = [
            ("", "Opening balance", "", "", "", "", money.plain(found.opening_fen, books.currency))
        ]
        for line in found.lines:
            sides = _sides(line.debit_fen - line.credit_fen, books.currency)
            about = (str(line.ledger_date), name_of(line.event, "en"), line.reference, line.order_no or "")
            rows.append((*about, *sides, money.plain(line.balance_fen, books.currency)))
        if len(found.lines) < found.line_count:
            rows.append(("", f"{found.line_count - len(found.lines):,} more lines", "", "", "", "", ""))
        totals = (money.plain(fen, books.currency) for fen in (found.debit_fen, found.credit_fen, found.closing_fen))
        rows.append(("", "Closing balance", "", "", *totals))
        headings = ("Date", "What", "Reference", "Order", "Debit", "Credit", "Balance")
        return Table(f"{found.account.name_zh} · {found.account.name_en}", headings, rows)

    return _run(app_url, settings, work)


def journal(app_url: str, settings: Settings, month: date, kind: Literal["csv", "xlsx"]) -> bytes:
    """The accountant's export of the month of this day. Raises LedgerRefusedError."""

    async def work(books: Books) -> bytes:
        async with reading(books.source) as session:
            return await export.journal_file(session, month, kind, books.currency, books.zone, settings.language)

    return _run(app_url, settings, work)


def _sides(fen: int, currency: str) -> tuple[str, str]:
    """Debit and credit."""
    return (money.plain(fen, currency), "") if fen > 0 else ("", money.plain(-fen, currency))


def _run(app_url: str, settings: Settings, work: Callable[[Books], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        source = engine(app_url)
        try:
            async with writing(source) as session:
                profile = await ensure_profile(session, settings.currency, settings.timezone)
            return await work(Books(source, profile.currency, ZoneInfo(profile.timezone)))
        finally:
            await source.dispose()

    try:
        return asyncio.run(run())
    except NotFoundError:
        raise LedgerRefusedError("There is no such account or customer.") from None
    except ShopError as error:
        raise LedgerRefusedError(error.sentence("en")) from None
    except (seals.SealBrokenError, HeadsError) as error:
        raise LedgerRefusedError(str(error)) from None
