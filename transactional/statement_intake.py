"""What every kind of statement that comes in by file has in common: its content names it, and what came of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, Text, func, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from mingsuan import clock
from transactional.db import Public, ReadSession, WriteSession
from transactional.errors import FieldProblem

LARGEST_FILE_MIB = 16
MOST_REMARKS = 100
ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('mingsuan.statement:' || :kind, 0))")
FIRST_OPEN_DATE = text("select (max(month) + interval '1 month')::date from shop.month_close")


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file as it came. `sender` is who it is of: a platform or a courier. `source` is "desk" or "inbox"."""

    sender: str
    file_name: str
    content: bytes
    source: str


@dataclass(frozen=True, slots=True)
class TakenIn:
    """`is_new` False: the same content was stored before, and nothing was changed.

    `total_fen` is what the file says in all, `posted_fen` what that added to the ledger; `restated_count` lines said
    again what an earlier statement had said otherwise. `remarks` are for people: nothing of them keeps a file out.
    """

    id: UUID
    is_new: bool
    line_count: int
    total_fen: int
    posted_fen: int = 0
    restated_count: int = 0
    remarks: tuple[FieldProblem, ...] = ()


class StatedLine(Protocol):
    """A line of a statement: the business date that it is of, and its amount."""

    @property
    def day(self) -> date: ...

    @property
    def amount_fen(self) -> int: ...


class FileStatement(Public):
    """An accepted file; `from_date` to `to_date` are the days that its lines name."""

    __abstract__ = True
    append_only = True

    from_date: Mapped[date]
    to_date: Mapped[date]
    file_name: Mapped[str] = mapped_column(Text)
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    source: Mapped[str] = mapped_column(Text)
    line_count: Mapped[int]
    total_fen: Mapped[int]
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    imported_at: Mapped[datetime] = mapped_column(server_default=func.now())

    @declared_attr.directive
    def __table_args__(cls) -> tuple[CheckConstraint]:  # noqa: N805  (SQLAlchemy calls it on the class)
        return (CheckConstraint("from_date <= to_date", name="period"),)


async def stored(
    session: WriteSession, statement: FileStatement, new: NewFile, lines: Sequence[StatedLine], staff_id: int | None
) -> None:
    """Stores `statement`, which knows whose it is, with what every file says: its days, its sum, its content's name."""
    statement.from_date, statement.to_date = min(line.day for line in lines), max(line.day for line in lines)
    statement.file_name, statement.file_sha256 = new.file_name[:200], digest_of(new.content)
    statement.source = new.source
    statement.line_count, statement.total_fen = len(lines), sum(line.amount_fen for line in lines)
    statement.imported_by, statement.imported_at = staff_id, clock.now()
    session.add(statement)
    await session.flush()


def digest_of(content: bytes) -> bytes:
    """What names a file: the same content is stored once, whatever its name."""
    return hashlib.sha256(content).digest()


async def one_at_a_time(session: WriteSession, kind: str) -> None:
    """Statements of a kind are taken in one after another, so that each sees what the others posted."""
    await session.execute(ONE_AT_A_TIME, {"kind": kind})


async def late_remarks(session: ReadSession, days: Sequence[date]) -> list[FieldProblem]:
    """What to say of lines whose day is in a closed month: the ledger dates them on its first open day."""
    first_open = await session.scalar(FIRST_OPEN_DATE)
    late = [day for day in days if first_open is not None and day < first_open]
    if not late:
        return []
    reason = "{lines} lines are of closed months; the ledger has them on {day}, its first open day."
    return [FieldProblem("file", reason, (("lines", f"{len(late):,}"), ("day", first_open)))]
