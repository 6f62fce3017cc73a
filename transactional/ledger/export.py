"""The accountant's export: a month's journal with account names and totals, as CSV or XLSX, exact to the fen.

No cell is ever taken for a formula: a reference may hold whatever a client named its command.
"""

import csv
import io
from collections.abc import Sequence
from datetime import date, tzinfo
from decimal import Decimal
from typing import Literal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from mingsuan import money
from mingsuan.i18n import translator
from transactional.db import ReadSession
from transactional.ledger import statements
from transactional.ledger.errors import TooLongForSheetError
from transactional.ledger.events import name_of
from transactional.ledger.findings import DOMAIN
from transactional.ledger.schemas import JournalLine
from transactional.spreadsheet_text import harmless

MOST_XLSX_ROWS = 1_048_576
COLUMNS = (
    "Date",
    "Time",
    "Transaction",
    "Event",
    "Reference",
    "Order",
    "Account",
    "Account name (Chinese)",
    "Account name (English)",
    "Debit",
    "Credit",
    "Customer",
)
TOTAL = "Total"
AMOUNTS = (COLUMNS.index("Debit"), COLUMNS.index("Credit"))
UTF8_MARK = "\ufeff"
"""By which spreadsheets know that a CSV file is UTF-8."""


async def journal_file(
    session: ReadSession, month: date, kind: Literal["csv", "xlsx"], currency: str, zone: tzinfo, language: str
) -> bytes:
    """The journal of the month that holds a day, as a file. Raises TooLongForSheetError."""
    rows = table(await statements.journal(session, month), currency, zone, language)
    if kind == "csv":
        return as_csv(rows)
    if len(rows) > MOST_XLSX_ROWS:
        raise TooLongForSheetError(month=f"{month:%Y-%m}")
    return as_xlsx(rows, f"{month:%Y-%m}")


def table(lines: Sequence[JournalLine], currency: str, zone: tzinfo, language: str) -> list[list[str]]:
    """Heading, a row for each entry, totals of debit and credit. Amounts are plain decimals."""
    gettext = translator(language, DOMAIN)
    total = [gettext(TOTAL), *[""] * (len(COLUMNS) - 1)]
    for column, fen in zip(
        AMOUNTS, (sum(line.debit_fen for line in lines), sum(line.credit_fen for line in lines)), strict=True
    ):
        total[column] = money.plain(fen, currency)
    return [[gettext(name) for name in COLUMNS], *(_row(line, currency, zone, language) for line in lines), total]


def as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """UTF-8 with its mark; text that a spreadsheet would calculate is preceded by an apostrophe."""
    file = io.StringIO()
    csv.writer(file).writerows([harmless(cell) for cell in row] for row in rows)
    return (UTF8_MARK + file.getvalue()).encode()


def as_xlsx(rows: Sequence[Sequence[str]], title: str) -> bytes:
    """One sheet; amounts are numbers with the currency's decimals, all else is text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, row in enumerate(rows):
        cells = [WriteOnlyCell(sheet, value=cell) for cell in row]
        for column, cell in enumerate(cells):
            if number and column in AMOUNTS and row[column]:
                cell.value = Decimal(row[column])
                cell.number_format = f"#,##0.{'0' * len(row[column].partition('.')[2])}".rstrip(".")
            else:
                cell.data_type = "s"
            if number in (0, len(rows) - 1):
                cell.font = Font(bold=True)
        sheet.append(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _row(line: JournalLine, currency: str, zone: tzinfo, language: str) -> list[str]:
    amounts = [money.plain(fen, currency) if fen else "" for fen in (line.debit_fen, line.credit_fen)]
    return [
        line.ledger_date.isoformat(),
        line.effective_at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        str(line.transaction_no),
        name_of(line.event, language),
        line.reference,
        line.order_no or "",
        line.account,
        line.name_zh,
        line.name_en,
        *amounts,
        str(line.customer or ""),
    ]
