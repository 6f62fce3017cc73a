"""Looking a file of codes over before any of it is taken: what cannot be read, is malformed, repeated or known already.

Nothing is written here, and no problem repeats a code.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

from anyio import to_thread

from mingsuan import clock
from transactional.cards import queries
from transactional.cards.batch_file import NOT_TEXT, CodeRow, UnreadableFileError, code_rows
from transactional.cards.models import CardBatch
from transactional.cards.vault import Vault
from transactional.db import ReadSession
from transactional.errors import FieldProblem, RefusedFileError

MAX_ROWS = 200_000
MAX_CODE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class BatchFile:
    """A file of codes as it came."""

    name: str
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.content).digest()


class RefusedBatchError(RefusedFileError):
    """Nothing was written; `problems` name row, column and reason, never a whole code."""


@dataclass(frozen=True, slots=True)
class Examined:
    """The rows of a file, the keyed hash and expiry of each, and everything that keeps the file out."""

    rows: tuple[CodeRow, ...]
    fingerprints: tuple[bytes, ...]
    expires_at: tuple[datetime | None, ...]
    problems: tuple[FieldProblem, ...]
    repeated: int
    known: int


async def examine(
    session: ReadSession, vault: Vault, file: BatchFile, expires_at: datetime | None, zone: tzinfo
) -> Examined:
    """`expires_at` is the whole batch's; a row's own comes first. Raises RefusedBatchError for an unreadable file."""
    rows = await to_thread.run_sync(_readable, file)
    fingerprints = [vault.fingerprint(row.code.code) for row in rows]
    expiries = [_expiry(row, expires_at, zone) for row in rows]
    repeated = list(_repeated(rows, fingerprints))
    known = await _known(session, rows, fingerprints)
    bad = [expiry for expiry in expiries if isinstance(expiry, FieldProblem)]
    ends = tuple(None if isinstance(expiry, FieldProblem) else expiry for expiry in expiries)
    cells = sorted([*_malformed(rows), *bad, *repeated, *known], key=_row_of)
    whole = await _whole_file(session, file)
    return Examined(
        tuple(rows), tuple(fingerprints), ends, whole or tuple(cells), repeated=len(repeated), known=len(known)
    )


def end_of(day: date, zone: tzinfo) -> datetime:
    """The instant at which codes that are good through a business date expire. Raises ValueError beyond year 9999."""
    try:
        return clock.start_of(day + timedelta(days=1), zone)
    except OverflowError:
        raise ValueError(f"{day} is too far away") from None


def _readable(file: BatchFile) -> list[CodeRow]:
    try:
        rows = code_rows(file.name, file.content, MAX_ROWS + 2)
    except UnreadableFileError as error:
        raise RefusedBatchError([FieldProblem("file", str(error))]) from None
    if not rows:
        raise RefusedBatchError([FieldProblem("file", "The file holds no codes.")])
    if len(rows) > MAX_ROWS:
        raise RefusedBatchError([FieldProblem("file", "A batch holds at most {count} codes.", (("count", MAX_ROWS),))])
    return rows


async def _whole_file(session: ReadSession, file: BatchFile) -> tuple[FieldProblem, ...]:
    earlier = await queries.batch_of_file(session, file.sha256)
    if earlier is None:
        return ()
    reason = "This file was imported before, as “{name}” at {at} (batch {batch})."
    values = (("name", earlier.file_name), ("at", _minute(earlier)), ("batch", str(earlier.public_id)))
    return (FieldProblem("file", reason, values),)


def _malformed(rows: Iterable[CodeRow]) -> Iterator[FieldProblem]:
    for row in rows:
        for column, value in (("code", row.code.code), ("secret", row.code.secret)):
            if value is not None and (reason := _wrong(value)):
                yield _problem(row, column, reason)


def _wrong(value: str) -> str | None:
    if not value:
        return "The code is empty."
    if value.startswith(NOT_TEXT):
        return "The cell is a number, date or formula, which may lose digits: format the column as text."
    if len(value) > MAX_CODE_LENGTH:
        return "Longer than 500 characters."
    return None if value.isprintable() else "Contains a control or invisible character."


def _expiry(row: CodeRow, whole: datetime | None, zone: tzinfo) -> datetime | FieldProblem | None:
    """A date is the last day on which the code is good, in the shop's zone; so is a workbook's date at midnight."""
    written = row.expires.removeprefix(NOT_TEXT).strip()
    if not written:
        return whole
    try:
        at = datetime.fromisoformat(written.replace("/", "-"))
        ends = end_of(at.date(), zone) if at.time() == time() else at if at.tzinfo else at.replace(tzinfo=zone)
    except ValueError:
        return _problem(row, "expires", "Not a date: write it as 2026-12-31.")
    return ends if ends > clock.now() else _problem(row, "expires", "The code has expired already.")


def _repeated(rows: Sequence[CodeRow], fingerprints: Sequence[bytes]) -> Iterator[FieldProblem]:
    first: dict[bytes, int] = {}
    for row, fingerprint in zip(rows, fingerprints, strict=True):
        earlier = first.setdefault(fingerprint, row.row)
        if row.code.code and earlier != row.row:
            yield FieldProblem(_place(row, "code"), "The same code as in row {row}.", (("row", earlier),))


async def _known(session: ReadSession, rows: Sequence[CodeRow], fingerprints: Sequence[bytes]) -> list[FieldProblem]:
    known = await queries.known_fingerprints(session, fingerprints)
    return [
        _problem(row, "code", "Already in the pool: imported with “{name}” at {at}.", batch)
        for row, fingerprint in zip(rows, fingerprints, strict=True)
        if row.code.code and (batch := known.get(fingerprint))
    ]


def _problem(row: CodeRow, column: str, reason: str, batch: CardBatch | None = None) -> FieldProblem:
    values = (("name", batch.file_name), ("at", _minute(batch))) if batch else ()
    return FieldProblem(_place(row, column), reason, values)


def _place(row: CodeRow, column: str) -> str:
    return f"row {row.row}, column {column}"


def _row_of(problem: FieldProblem) -> int:
    return int(problem.place.split()[1].rstrip(","))


def _minute(batch: CardBatch) -> str:
    return f"{batch.imported_at:%Y-%m-%d %H:%M} UTC"
