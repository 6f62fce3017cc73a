"""What a page shows, as files: XLSX with a second sheet that says what the figures are, or CSV with the same beside it.

Amounts leave here as numbers in whole units of the currency, exact; a CSV file holds data rows only, so that any
program reads it, and travels in one ZIP with `about.csv`.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from dashboards.format import instant, yuan
from mingsuan.money import minor_digits

Kind = Literal["money", "count", "rate", "days", "date", "instant", "text", "prose"]
Cell = str | int | float | Decimal | date | None

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"
FIXED = (1980, 1, 1, 0, 0, 0)
"""Time stamp inside ZIP files: the same export gives the same bytes."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export: where it comes from, what it is called, what it holds."""

    name: str
    title: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Export:
    """A table and everything a reader needs to know about it without the page."""

    title: str
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    about: tuple[tuple[str, str], ...]
    about_title: str
    currency: str
    zone: ZoneInfo


def xlsx(export: Export) -> bytes:
    """Workbook of two sheets: the data with true numbers and number formats, and what they are."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # noqa: S101  (a new workbook has one)
    sheet.title = _sheet_title(export.title)
    _heading(sheet, [column.title for column in export.columns])
    for row in _cells(export):
        sheet.append(row)
    for index, column in enumerate(export.columns, start=1):
        _format_column(sheet, index, column, export.currency)
    _about_sheet(book.create_sheet(_sheet_title(export.about_title)), export.about)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def csv_zip(export: Export, name: str) -> bytes:
    """ZIP of `<name>.csv` (a heading and data rows) and `about.csv` (what they are); UTF-8 with a mark for Excel."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        data: list[list[Cell]] = [[column.title for column in export.columns], *_cells(export)]
        about: list[list[Cell]] = [list(pair) for pair in export.about]
        for file, rows in ((f"{name}.csv", data), ("about.csv", about)):
            archive.writestr(zipfile.ZipInfo(file, FIXED), _csv(rows).encode("utf-8-sig"), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _cells(export: Export) -> list[list[Cell]]:
    values = [
        [_cell(value, column.kind, export) for value in export.frame[column.name].tolist()] for column in export.columns
    ]
    return [list(row) for row in zip(*values, strict=True)]


def _cell(value: Any, kind: Kind, export: Export) -> Cell:
    if value is None or pd.isna(value):
        return None
    convert: dict[Kind, Callable[[Any], Cell]] = {
        "money": lambda fen: yuan(fen, export.currency),
        "count": int,
        "rate": float,
        "days": lambda days: int(days) if float(days).is_integer() else float(days),
        "instant": lambda moment: instant(pd.Timestamp(moment).to_pydatetime(), export.zone),
        "date": lambda day: pd.Timestamp(day).date(),
        "text": lambda text: ILLEGAL_CHARACTERS_RE.sub("", str(text)),
        "prose": lambda text: ILLEGAL_CHARACTERS_RE.sub("", str(text)),
    }
    return convert[kind](value)


def _csv(rows: Sequence[Sequence[Cell]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerows([["" if value is None else _unarmed(value) for value in row] for row in rows])
    return buffer.getvalue()


def _unarmed(value: Cell) -> str:
    """Text that a spreadsheet would run as a formula gets a leading apostrophe; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else str(value)


def _heading(sheet: Worksheet, titles: Sequence[str]) -> None:
    sheet.append(list(titles))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="E8EEF4")
        cell.alignment = Alignment(wrap_text=True, vertical="center")
    sheet.freeze_panes = "A2"


def _number_format(kind: Kind, currency: str) -> str:
    decimals = "." + "0" * minor_digits(currency) if minor_digits(currency) else ""
    return {
        "money": f"#,##0{decimals};[Red]-#,##0{decimals}",
        "count": "#,##0",
        "rate": "0.0%",
        "date": "yyyy-mm-dd",
    }.get(kind, "General")


def _format_column(sheet: Worksheet, index: int, column: Column, currency: str) -> None:
    letter = get_column_letter(index)
    longest = max((len(str(cell.value)) for cell in sheet[letter] if cell.value is not None), default=0)
    sheet.column_dimensions[letter].width = min(48, max(12, longest + 4))
    for cell in sheet[letter][1:]:
        cell.number_format = _number_format(column.kind, currency)
        if isinstance(cell.value, str):
            cell.data_type = "s"


def _about_sheet(sheet: Worksheet, about: Sequence[tuple[str, str]]) -> None:
    for label, value in about:
        sheet.append([label, value])
        for cell in sheet[sheet.max_row]:
            cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.cell(sheet.max_row, 1).font = Font(bold=True)
    sheet.column_dimensions["A"].width = 28
    sheet.column_dimensions["B"].width = 96


def _sheet_title(title: str) -> str:
    return "".join("-" if char in r"[]:*?/\\" else char for char in title)[:31]
