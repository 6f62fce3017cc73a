"""What every kind of statement that comes in by file has in common: its content names it, and what came of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text

from transactional.db import ReadSession, WriteSession
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
