"""Taking a batch of codes into the pool: refused whole with row, column and reason, or sealed, stored and posted whole.

A refusal never repeats a code in full.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from anyio import to_thread
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from mingsuan import clock, money
from transactional.arrays import arrays, insert
from transactional.cards import queries
from transactional.cards.batch_file import NOT_TEXT, CodeRow, UnreadableFileError, code_rows
from transactional.cards.keyring import new_data_key
from transactional.cards.models import CardBatch
from transactional.cards.schemas import CardBatchView
from transactional.cards.vault import Vault
from transactional.catalogue import service as catalogue
from transactional.db import ReadSession, WriteSession
from transactional.errors import FieldProblem, InvalidInputError, RefusedFileError
from transactional.ledger import service as ledger
from transactional.ledger.rules import codes_bought

MAX_ROWS = 200_000
MAX_CODE_LENGTH = 500
CARD = {
    "id": "bigint",
    "batch_id": "bigint",
    "sku_id": "bigint",
    "data_key_id": "bigint",
    "ciphertext": "bytea",
    "fingerprint": "bytea",
    "cost_fen": "bigint",
}
INSERT_CARDS = text(insert("card", CARD))


@dataclass(frozen=True, slots=True)
class BatchFile:
    """A file of codes as it came."""

    name: str
    content: bytes

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.content).digest()


class RefusedBatchError(RefusedFileError):
    """Nothing was written; `problems` name row, column and reason, never a whole code."""


async def import_batch(
    session: WriteSession,
    vault: Vault,
    file: BatchFile,
    sku_code: str,
    total_cost_fen: int | None,
    supplier_name: str,
    zone: ZoneInfo,
    imported_by: int | None = None,
) -> CardBatchView:
    """Every code of the file becomes a free card of the SKU; the cost, if known, is split over them to the fen.

    Raises RefusedBatchError, InvalidInputError for a negative cost, NotFoundError for an unknown SKU.
    """
    if total_cost_fen is not None and total_cost_fen < 0:
        raise InvalidInputError([FieldProblem("total_cost_fen", "Must not be negative.")])
    sku_id = await catalogue.sku_id(session, sku_code)
    await _refuse_known_file(session, file)
    rows = await to_thread.run_sync(_readable, file)
    prints = [vault.fingerprint(row.code.code) for row in rows]
    await _refuse_bad_codes(session, rows, prints)
    batch = CardBatch(
        sku_id=sku_id,
        supplier_name=supplier_name.strip(),
        card_count=len(rows),
        total_cost_fen=total_cost_fen,
        file_name=file.name,
        file_sha256=file.sha256,
        imported_by=imported_by,
        imported_at=clock.now(),
    )
    try:
        async with session.begin_nested():
            session.add(batch)
            await session.flush()
            await _store(session, vault, batch, rows, prints)
    except IntegrityError:
        raise RefusedBatchError(
            [FieldProblem("file", "Some of these codes were imported at the same moment.")]
        ) from None
    await ledger.post(session, [codes_bought(batch.id, total_cost_fen or 0, batch.imported_at)], zone)
    return _view(batch, sku_code)


async def _store(
    session: WriteSession, vault: Vault, batch: CardBatch, rows: Sequence[CodeRow], prints: Sequence[bytes]
) -> None:
    """A data key of the batch's own, and its cards under it."""
    key = await new_data_key(session, vault)
    card_ids = await queries.next_ids(session, "card", len(rows))
    codes = {card: row.code for card, row in zip(card_ids, rows, strict=True)}
    sealed = await to_thread.run_sync(vault.seal_codes, key, codes)
    costs = _costs(batch.total_cost_fen, len(rows))
    cards = [
        (card, batch.id, batch.sku_id, key.id, sealed[card], fingerprint, cost)
        for card, fingerprint, cost in zip(card_ids, prints, costs, strict=True)
    ]
    await session.execute(INSERT_CARDS, arrays("card", CARD, cards))


def _costs(total_cost_fen: int | None, count: int) -> Sequence[int | None]:
    return [None] * count if total_cost_fen is None else money.split(total_cost_fen, [1] * count)


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


async def _refuse_known_file(session: ReadSession, file: BatchFile) -> None:
    earlier = await queries.batch_of_file(session, file.sha256)
    if earlier:
        known = FieldProblem(
            "file",
            "This file was imported before, as “{name}” at {at} (batch {batch}).",
            (("name", earlier.file_name), ("at", _minute(earlier)), ("batch", str(earlier.public_id))),
        )
        raise RefusedBatchError([known])


async def _refuse_bad_codes(session: ReadSession, rows: Sequence[CodeRow], prints: Sequence[bytes]) -> None:
    problems = [*_malformed(rows), *_repeated(rows, prints)]
    known = await queries.known_fingerprints(session, prints)
    problems += [
        _problem(row, "code", "Already in the pool: imported with “{name}” at {at}.", batch)
        for row, fingerprint in zip(rows, prints, strict=True)
        if row.code.code and (batch := known.get(fingerprint))
    ]
    if problems:
        raise RefusedBatchError(sorted(problems, key=lambda problem: int(problem.place.split()[1].rstrip(","))))


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


def _repeated(rows: Sequence[CodeRow], prints: Sequence[bytes]) -> Iterator[FieldProblem]:
    first: dict[bytes, int] = {}
    for row, fingerprint in zip(rows, prints, strict=True):
        earlier = first.setdefault(fingerprint, row.row)
        if row.code.code and earlier != row.row:
            yield FieldProblem(_place(row, "code"), "The same code as in row {row}.", (("row", earlier),))


def _problem(row: CodeRow, column: str, reason: str, batch: CardBatch | None = None) -> FieldProblem:
    values = (("name", batch.file_name), ("at", _minute(batch))) if batch else ()
    return FieldProblem(_place(row, column), reason, values)


def _place(row: CodeRow, column: str) -> str:
    return f"row {row.row}, column {column}"


def _minute(batch: CardBatch) -> str:
    return f"{batch.imported_at:%Y-%m-%d %H:%M} UTC"


def _view(batch: CardBatch, sku_code: str) -> CardBatchView:
    return CardBatchView(
        id=batch.public_id,
        sku_code=sku_code,
        card_count=batch.card_count,
        total_cost_fen=batch.total_cost_fen,
        supplier_name=batch.supplier_name,
        file_name=batch.file_name,
        imported_at=batch.imported_at,
    )
