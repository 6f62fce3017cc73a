"""Reading a file of card codes, CSV, TXT or XLSX, one code a row. What is wrong with one is `examination`'s."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePath

from openpyxl import load_workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell

from transactional.cards.vault import Code

CODE_NAMES = frozenset({"code", "卡密", "卡号", "兑换码"})
MAX_UNPACKED_BYTES = 128 * 2**20
MAX_COLUMNS = 100
SECRET_NAMES = frozenset({"secret", "pin", "password", "密码", "卡密码"})
EXPIRY_NAMES = frozenset({"expires", "expires_on", "expiry", "有效期", "到期日"})
TXT_SEPARATOR = re.compile(r"\t+|-{4,}|,")

AnyCell = Cell | MergedCell | ReadOnlyCell | EmptyCell


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One row of the file, trimmed; `row` counts from 1 as spreadsheets do. `expires` is as it was written."""

    row: int
    code: Code
    expires: str = ""


class UnreadableFileError(ValueError):
    """The file is not what its name says; the message is for people."""


def code_rows(name: str, content: bytes, limit: int) -> list[CodeRow]:
    """Rows that hold anything, of the first `limit` rows. Raises UnreadableFileError.

    The header is optional; without one the first column is the code, the second its PIN. In a TXT file they are
    apart by a tab, a comma or four hyphens.
    """
    table = READERS.get(PurePath(name).suffix.lower(), _csv)(content)
    rows = [(number, [cell.strip() for cell in cells]) for number, cells in enumerate(islice(table, limit), start=1)]
    filled = [(number, cells) for number, cells in rows if any(cells)]
    if not filled:
        raise UnreadableFileError("The file holds no codes.")
    columns = _columns(filled[0][1])
    body = filled[1:] if columns else filled
    at = columns or Columns(0, 1, None)
    return [_row(number, cells, at) for number, cells in body]


@dataclass(frozen=True, slots=True)
class Columns:
    """Places of what a row holds, from 0."""

    code: int
    secret: int | None
    expires: int | None


def _columns(first: Sequence[str]) -> Columns | None:
    """Where everything is when the first row is a header, else None."""
    names = [cell.casefold() for cell in first]
    code_at = _place_of(names, CODE_NAMES)
    return None if code_at is None else Columns(code_at, _place_of(names, SECRET_NAMES), _place_of(names, EXPIRY_NAMES))


def _place_of(names: Sequence[str], known: Set[str]) -> int | None:
    return next((at for at, name in enumerate(names) if name in known), None)


def _row(number: int, cells: Sequence[str], at: Columns) -> CodeRow:
    code = Code(_cell(cells, at.code), _cell(cells, at.secret) or None)
    return CodeRow(number, code, _cell(cells, at.expires))


def _cell(cells: Sequence[str], at: int | None) -> str:
    return cells[at] if at is not None and at < len(cells) else ""


def _csv(content: bytes) -> Iterator[Sequence[str]]:
    try:
        yield from csv.reader(io.StringIO(_decoded(content), newline=""), strict=True)
    except csv.Error:
        raise UnreadableFileError("The file is not well-formed CSV.") from None


def _tsv(content: bytes) -> Iterator[Sequence[str]]:
    yield from csv.reader(io.StringIO(_decoded(content), newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)


def _txt(content: bytes) -> Iterator[Sequence[str]]:
    for line in io.StringIO(_decoded(content)):
        yield TXT_SEPARATOR.split(line.strip())


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFileError("A CSV or TXT file must be in UTF-8.") from None


def _xlsx(content: bytes) -> Iterator[Sequence[str]]:
    try:
        _refuse_bomb(content)
        book = load_workbook(io.BytesIO(content), read_only=True)
        try:
            yield from map(_texts, book.worksheets[0].iter_rows())
        finally:
            book.close()
    except UnreadableFileError:
        raise
    except Exception:  # noqa: BLE001  (openpyxl raises whatever a malformed part makes it stumble over)
        raise UnreadableFileError("The file is not a readable XLSX workbook.") from None


def _refuse_bomb(content: bytes) -> None:
    """A small archive may unpack to more than the machine holds; no honest batch comes near the limit."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED_BYTES:
            raise UnreadableFileError("The workbook is too large when unpacked.")


def _texts(cells: Sequence[AnyCell]) -> list[str]:
    texts = [_text(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    if len(texts) > MAX_COLUMNS:
        raise UnreadableFileError("The workbook has too many columns.")
    return texts


def _text(cell: AnyCell) -> str:
    """A code kept as a number has lost its leading zeros, and its end from 16 digits on; a formula may have no result.

    Both are marked, not guessed.
    """
    if cell.value is None:
        return ""
    if isinstance(cell.value, str) and cell.data_type != "f":
        return cell.value
    return f"{NOT_TEXT}{cell.value}"


NOT_TEXT = "\N{REPLACEMENT CHARACTER}"
"""Begins a cell of a workbook that was not text."""

READERS: dict[str, Callable[[bytes], Iterator[Sequence[str]]]] = {".xlsx": _xlsx, ".txt": _txt, ".tsv": _tsv}
"""By the ending of a file's name; any other is read as CSV."""
