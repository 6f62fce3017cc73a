"""Lists as files: CSV line by line while it is read, XLSX as a whole; no cell is ever taken for a formula."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from transactional.spreadsheet_text import harmless

Cell = str | int | Decimal | None
UTF8_MARK = "\ufeff"
"""By which spreadsheets know that a CSV file is UTF-8."""
MOST_CSV_ROWS, MOST_XLSX_ROWS = 500_000, 50_000
"""More is refused, never cut: a file holds exactly what the list says."""
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MOST_ROWS = {"csv": MOST_CSV_ROWS, "xlsx": MOST_XLSX_ROWS}


async def csv_lines(heading: Sequence[str], batches: AsyncIterator[list[list[Cell]]]) -> AsyncIterator[bytes]:
    """UTF-8 with its mark; text that a spreadsheet would calculate is preceded by an apostrophe."""
    yield (UTF8_MARK + _lines([heading])).encode()
    async for rows in batches:
        yield _lines(rows).encode()


def csv_file(heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The same as a whole."""
    return (UTF8_MARK + _lines([heading, *rows])).encode()


def xlsx(heading: Sequence[str], rows: Iterable[Sequence[Cell]], title: str) -> bytes:
    """One sheet: numbers are numbers, everything else is text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    top = [WriteOnlyCell(sheet, value=name) for name in heading]
    for cell in top:
        cell.font = Font(bold=True)
    sheet.append(top)
    for row in rows:
        cells = [WriteOnlyCell(sheet, value=value) for value in row]  # type: ignore[arg-type]  # Decimal is written too
        for cell, value in zip(cells, row, strict=True):
            if isinstance(value, str):
                cell.data_type = "s"
        sheet.append(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def plain(cell: Cell) -> str:
    """What a CSV file says; a number is never text, so its sign stays what it is."""
    if cell is None:
        return ""
    return harmless(cell) if isinstance(cell, str) else str(cell)


def _lines(rows: Iterable[Sequence[Cell]]) -> str:
    file = io.StringIO()
    csv.writer(file).writerows([plain(cell) for cell in row] for row in rows)
    return file.getvalue()
