"""Rows of a CSV or XLSX file from outside as texts. What a cell means is decided by who reads them."""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import PurePath

from openpyxl import load_workbook

MAX_UNPACKED_BYTES = 128 * 2**20
MAX_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row that holds anything, its cells trimmed; `row` counts from 1 as spreadsheets do."""

    row: int
    cells: tuple[str, ...]


class UnreadableSheetError(ValueError):
    """The file is not what its name says; the message is for people."""


def rows(file_name: str, content: bytes, limit: int) -> list[SheetRow]:
    """Of the first `limit` rows those that hold anything; of a workbook its first sheet. Raises UnreadableSheetError.

    CSV may be in UTF-8, or in GB 18030 as Chinese spreadsheets write it; cells are apart by commas, semicolons or tabs.
    """
    table = _xlsx(content) if PurePath(file_name).suffix.lower() == ".xlsx" else _csv(content)
    numbered = enumerate(islice(table, limit), start=1)
    trimmed = ((number, tuple(cell.strip() for cell in cells)) for number, cells in numbered)
    return [SheetRow(number, cells) for number, cells in trimmed if any(cells)]


def _csv(content: bytes) -> Iterator[Sequence[str]]:
    text = _decoded(content)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error:
        raise UnreadableSheetError("The file is not well-formed CSV.") from None


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableSheetError("A CSV file must be text in UTF-8 or GB 18030.")


def _xlsx(content: bytes) -> Iterator[Sequence[str]]:
    try:
        _refuse_bomb(content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            for row in book.worksheets[0].iter_rows(max_col=MAX_COLUMNS, values_only=True):
                yield [_text(value) for value in row]
        finally:
            book.close()
    except UnreadableSheetError:
        raise
    except Exception:  # noqa: BLE001  (openpyxl raises whatever a malformed part makes it stumble over)
        raise UnreadableSheetError("The file is not a readable XLSX workbook.") from None


def _refuse_bomb(content: bytes) -> None:
    """A small archive may unpack to more than the machine holds; no honest file comes near the limit."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED_BYTES:
            raise UnreadableSheetError("The workbook is too large when unpacked.")


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float):  # a sheet keeps 15 significant digits; more are binary noise
        return format(Decimal(f"{value:.15g}"), "f")
    return str(value)
