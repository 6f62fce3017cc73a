"""Reading a file of card codes, CSV or XLSX, one code a row. What is wrong with a code belongs to `card_import`."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from transactional.cards.vault import Code

CODE_NAMES = frozenset({"code", "卡密", "卡号", "兑换码"})
SECRET_NAMES = frozenset({"secret", "pin", "password", "密码", "卡密码"})


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One row of the file, trimmed; `row` counts from 1 as spreadsheets do."""

    row: int
    code: Code


class UnreadableFileError(ValueError):
    """The file is not what its name says; the message is for people."""


def code_rows(name: str, content: bytes, limit: int) -> list[CodeRow]:
    """Rows that hold anything, of the first `limit` rows. Raises UnreadableFileError.

    The header is optional; without one the first column is the code, the second its PIN.
    """
    table = _xlsx(content) if name.lower().endswith(".xlsx") else _csv(content)
    rows = [(number, [cell.strip() for cell in cells]) for number, cells in enumerate(islice(table, limit), start=1)]
    filled = [(number, cells) for number, cells in rows if any(cells)]
    if not filled:
        raise UnreadableFileError("The file holds no codes.")
    columns = _columns(filled[0][1])
    body = filled[1:] if columns else filled
    code_at, secret_at = columns or (0, 1)
    return [CodeRow(number, Code(_cell(cells, code_at), _cell(cells, secret_at) or None)) for number, cells in body]


def _columns(first: Sequence[str]) -> tuple[int, int | None] | None:
    """Places of code and secret when the first row is a header, else None."""
    names = [cell.casefold() for cell in first]
    code_at = next((at for at, name in enumerate(names) if name in CODE_NAMES), None)
    if code_at is None:
        return None
    return code_at, next((at for at, name in enumerate(names) if name in SECRET_NAMES and at != code_at), None)


def _cell(cells: Sequence[str], at: int | None) -> str:
    return cells[at] if at is not None and at < len(cells) else ""


def _csv(content: bytes) -> Iterator[Sequence[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFileError("A CSV file must be in UTF-8.") from None
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error:
        raise UnreadableFileError("The file is not well-formed CSV.") from None


def _xlsx(content: bytes) -> Iterator[Sequence[str]]:
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError):
        raise UnreadableFileError("The file is not a readable XLSX workbook.") from None
    try:
        sheet = book.worksheets[0]
        yield from (_texts(cells) for cells in sheet.iter_rows(values_only=True))
    finally:
        book.close()


def _texts(cells: Iterable[object]) -> list[str]:
    return [_text(cell) for cell in cells]


def _text(cell: object) -> str:
    """A code kept as a number has lost its leading zeros, and its end from 16 digits on: marked, not guessed."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    return f"{NOT_TEXT}{cell}"


NOT_TEXT = "\N{REPLACEMENT CHARACTER}"
"""Begins a cell of a workbook that was not text."""
