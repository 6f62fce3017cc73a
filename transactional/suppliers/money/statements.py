"""Takes a supplier's statement in: whole or not at all, once, every line with its verdict, every difference a case.

How a difference is settled is in `statement_settling`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.backoffice.models import ReviewCase
from transactional.backoffice.service import open_case
from transactional.db import WriteSession
from transactional.errors import NotFoundError
from transactional.statement_intake import digest_of
from transactional.suppliers.errors import (
    ChannelWithoutSupplierError,
    StatementOfOtherChannelError,
    StatementOverlapsError,
)
from transactional.suppliers.models import Supplier, SupplierStatement, SupplierStatementLine, SupplyChannel
from transactional.suppliers.money import matching, matching_queries, statement_file
from transactional.suppliers.money.matching import Market
from transactional.suppliers.money.matching_rules import Judged
from transactional.suppliers.money.statement_file import StatedLine, StatementLines

LINES_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class NewStatement:
    """A file as it came. `days` are first and last day, both included; None: what its lines say.

    `source` is "desk", "inbox", "pull" or "callback".
    """

    channel_id: int
    file_name: str
    content: bytes
    source: str
    days: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class TakenIn:
    """`is_new` False: the same file was stored before. Counts and sums are of this statement either way."""

    id: UUID
    is_new: bool
    line_count: int
    difference_count: int
    difference_fen: int


async def take_in(
    session: WriteSession, new: NewStatement, zone: ZoneInfo, shop_currency: str, staff_id: int | None = None
) -> TakenIn:
    """Stores a statement and holds it against the ledger; the same file again changes nothing.

    Raises NotFoundError, ChannelWithoutSupplierError, RefusedStatementError, StatementOverlapsError,
    StatementOfOtherChannelError, NoRateError.
    """
    channel, supplier = await _channel(session, new.channel_id)
    digest = digest_of(new.content)
    if stored := await session.scalar(select(SupplierStatement).where(SupplierStatement.file_sha256 == digest)):
        return await _stored(session, stored, channel)
    market = Market(channel.id, supplier.currency, shop_currency, zone_of(channel, zone))
    read = statement_file.read(new.file_name, new.content, supplier.currency, market.zone, new.days)
    await _refuse_overlap(session, channel, read)
    judged = await matching.held(session, market, read)
    statement = SupplierStatement(
        channel_id=channel.id,
        from_date=read.from_date,
        to_date=read.to_date,
        currency=supplier.currency,
        file_name=new.file_name[:200],
        file_sha256=digest,
        source=new.source,
        line_count=len(read.lines),
        total_fen=sum(each.theirs_fen or 0 for each in judged),
        imported_by=staff_id,
        imported_at=clock.now(),
    )
    session.add(statement)
    await session.flush()
    await _keep(session, channel, statement, read.lines, judged)
    detail = {"lines": len(read.lines), "channel": channel.code, "source": new.source}
    await accounts.record_act(session, staff_id, "import_statement", f"statement:{statement.public_id}", detail=detail)
    return _taken(statement, judged, is_new=True)


def zone_of(channel: SupplyChannel, zone: ZoneInfo) -> ZoneInfo:
    """Whose midnights the supplier's days have: the channel's option `timezone`, or the shop's."""
    named = channel.options.get("timezone")
    return ZoneInfo(named) if isinstance(named, str) and named else zone


async def _channel(session: WriteSession, channel_id: int) -> tuple[SupplyChannel, Supplier]:
    """The channel, locked: statements of one channel are taken in one after another."""
    channel = await session.get(SupplyChannel, channel_id, with_for_update={"key_share": True})
    if channel is None:
        raise NotFoundError
    supplier = await session.get(Supplier, channel.supplier_id) if channel.supplier_id else None
    if supplier is None:
        raise ChannelWithoutSupplierError(code=channel.code)
    return channel, supplier


async def _stored(session: WriteSession, stored: SupplierStatement, channel: SupplyChannel) -> TakenIn:
    if stored.channel_id != channel.id:
        other = await session.get_one(SupplyChannel, stored.channel_id)
        raise StatementOfOtherChannelError(code=other.code)
    lines = select(SupplierStatementLine).where(
        SupplierStatementLine.statement_id == stored.id, SupplierStatementLine.verdict != "matched"
    )
    differing = (await session.scalars(lines)).all()
    fen = sum(line.difference_fen for line in differing)
    return TakenIn(stored.public_id, False, stored.line_count, len(differing), fen)


def _taken(statement: SupplierStatement, judged: Sequence[Judged], *, is_new: bool) -> TakenIn:
    count = Counter(each.verdict != "matched" for each in judged)[True]
    fen = sum(each.difference_fen for each in judged)
    return TakenIn(statement.public_id, is_new, statement.line_count, count, fen)


async def _refuse_overlap(session: WriteSession, channel: SupplyChannel, read: StatementLines) -> None:
    """A day is accounted for once: a second statement of it would find every purchase charged twice."""
    for since, until in await matching_queries.days(session, channel.id):
        if since <= read.to_date and read.from_date <= until:
            raise StatementOverlapsError(since=since.isoformat(), until=until.isoformat())


async def _keep(
    session: WriteSession,
    channel: SupplyChannel,
    statement: SupplierStatement,
    lines: Sequence[StatedLine],
    judged: Sequence[Judged],
) -> None:
    stated = {line.line_no: line for line in lines}
    purchases = {each.purchase_id for each in judged if each.line_no is None and each.purchase_id}
    numbers = await matching_queries.request_nos(session, purchases)
    cases = await _cases(session, channel, statement, stated, judged, numbers)
    rows = [
        _row(statement, stated.get(each.line_no or 0), each, numbers, cases.get(number))
        for number, each in enumerate(judged)
    ]
    for first in range(0, len(rows), LINES_AT_ONCE):
        session.add_all(rows[first : first + LINES_AT_ONCE])
        await session.flush()


def _row(
    statement: SupplierStatement,
    line: StatedLine | None,
    judged: Judged,
    numbers: Mapping[int, str],
    case_id: int | None,
) -> SupplierStatementLine:
    ours = numbers.get(judged.purchase_id or 0)
    return SupplierStatementLine(
        statement_id=statement.id,
        line_no=judged.line_no,
        kind=line.kind if line else "charge",
        request_no=(line.request_no or None) if line else ours,
        supplier_ref=(line.supplier_ref or None) if line else None,
        amount=line.amount if line else None,
        theirs_fen=judged.theirs_fen,
        ours_fen=judged.ours_fen,
        difference_fen=judged.difference_fen,
        verdict=judged.verdict,
        purchase_id=judged.purchase_id,
        case_id=case_id,
        happened_at=line.happened_at if line else None,
    )


async def _cases(
    session: WriteSession,
    channel: SupplyChannel,
    statement: SupplierStatement,
    stated: Mapping[int, StatedLine],
    judged: Sequence[Judged],
    numbers: Mapping[int, str],
) -> dict[int, int]:
    """A case for each difference; by place in `judged`."""
    subjects: dict[str, int] = {}
    for place, each in enumerate(judged):
        if each.verdict == "matched":
            continue
        line = stated.get(each.line_no or 0)
        subject = f"statement:{statement.public_id}:{place + 1}"
        subjects[subject] = place
        detail = {
            "channel": channel.code,
            "days": f"{statement.from_date} – {statement.to_date}",
            "line": each.line_no,
            "request_no": (line.request_no if line else numbers.get(each.purchase_id or 0)) or None,
            "supplier_ref": (line.supplier_ref if line else None) or None,
            "theirs_fen": each.theirs_fen,
            "ours_fen": each.ours_fen,
        }
        await open_case(session, f"statement_{each.verdict}", subject, each.difference_fen, detail)
    found = await session.execute(
        select(ReviewCase.id, ReviewCase.subject).where(ReviewCase.subject.in_(list(subjects)))
    )
    return {subjects[subject]: case_id for case_id, subject in found}
