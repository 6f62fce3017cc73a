"""A simulated supplier's statement of a day, as CSV or XLSX (docs/suppliers.md); right, or wrong as it was planned."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from openpyxl import Workbook

from mingsuan import clock
from simulation.suppliers.book import Book
from simulation.suppliers.entries import StatementErrors, StatementLine

ZONE = ZoneInfo("Asia/Shanghai")
COLUMNS = (
    "line_no",
    "kind",
    "request_no",
    "supplier_ref",
    "supplier_sku",
    "quantity",
    "amount",
    "currency",
    "happened_at",
)
Format = Literal["csv", "xlsx"]


def lines(book: Book, day: date, errors: StatementErrors | None = None, zone: ZoneInfo = ZONE) -> list[StatementLine]:
    """What was charged, refunded and credited on a day of the supplier's zone, in order of time."""
    first, last = clock.start_of(day, zone), clock.start_of(day + timedelta(days=1), zone)
    moved = book.movements("kind <> 'top_up' and happened_at >= ? and happened_at < ?", first, last)
    errors = errors or StatementErrors()
    told = [
        StatementLine(m.kind, m.request_no, m.order_ref, m.supplier_sku, m.quantity, -m.amount, m.happened_at)
        for m in moved
        if m.request_no not in errors.left_out
    ]
    return [_altered(line, errors) for line in told] + list(errors.invented)


def written(told: Sequence[StatementLine], currency: str, form: Format, zone: ZoneInfo = ZONE) -> bytes:
    rows = [
        (
            number,
            line.kind,
            line.request_no,
            line.order_ref,
            line.supplier_sku,
            line.quantity,
            f"{line.amount:f}",
            currency,
            line.happened_at.astimezone(zone).isoformat(timespec="seconds"),
        )
        for number, line in enumerate(told, 1)
    ]
    return _csv(rows) if form == "csv" else _xlsx(rows)


def _altered(line: StatementLine, errors: StatementErrors) -> StatementLine:
    if line.kind != "charge" or line.request_no not in errors.amounts:
        return line
    wrong = errors.amounts[line.request_no]
    return StatementLine(
        line.kind, line.request_no, line.order_ref, line.supplier_sku, line.quantity, wrong, line.happened_at
    )


def _csv(rows: Iterable[tuple[object, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows((COLUMNS, *rows))
    return text.getvalue().encode("utf-8-sig")


def _xlsx(rows: Iterable[tuple[object, ...]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("statement")
    for row in (COLUMNS, *rows):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
