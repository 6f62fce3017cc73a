"""Exchange rates typed or from a file: currency, date, rate. Read whole or refused with row, column and reason."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from transactional import sheets
from transactional.errors import FieldProblem, InvalidInputError, RefusedFileError
from transactional.sheets import SheetRow, UnreadableSheetError
from transactional.suppliers.offers.rates import NewRate

MOST_ROWS = 5000
COLUMNS = {
    "currency": ("currency", "币种", "货币"),
    "date": ("date", "rate_date", "日期"),
    "rate": ("rate", "汇率"),
}
LARGEST = Decimal(10) ** 9
EARLIEST = date(2000, 1, 1)


def typed(currency: str, day: str, rate: str, own: str, today: date) -> NewRate:
    """One rate as staff typed it. Raises InvalidInputError naming the fields."""
    cells = {"currency": currency.strip(), "date": day.strip(), "rate": rate.strip()}
    if faults := list(_faults(cells, own, today)):
        raise InvalidInputError([FieldProblem(name, reason) for name, reason in faults])
    return _rate(cells)


def read(file_name: str, content: bytes, own: str, today: date) -> list[NewRate]:
    """The rates of a file whose heading names its columns. Raises RefusedFileError naming every bad cell."""
    try:
        filled = sheets.rows(file_name, content, MOST_ROWS + 2)
    except UnreadableSheetError as error:
        raise RefusedFileError([FieldProblem("file", str(error))]) from None
    if not 2 <= len(filled) <= MOST_ROWS + 1:
        reason = "A heading and 1 to {rows} rows are needed."
        raise RefusedFileError([FieldProblem("file", reason, (("rows", MOST_ROWS),))])
    places = _places(filled[0])
    rows = [
        (row.row, {name: row.cells[at] if at < len(row.cells) else "" for name, at in places.items()})
        for row in filled[1:]
    ]
    problems = [
        FieldProblem(f"row {number}, column {name}", reason)
        for number, cells in rows
        for name, reason in _faults(cells, own, today)
    ]
    if problems:
        raise RefusedFileError(problems)
    return [_rate(cells) for _, cells in rows]


def _places(heading: SheetRow) -> dict[str, int]:
    names = [cell.casefold() for cell in heading.cells]
    places = {name: next((names.index(word) for word in words if word in names), -1) for name, words in COLUMNS.items()}
    if missing := [name for name, at in places.items() if at < 0]:
        reason = "The heading must name this column: {words}."
        found = [
            FieldProblem(f"row {heading.row}, column {name}", reason, (("words", " / ".join(COLUMNS[name])),))
            for name in missing
        ]
        raise RefusedFileError(found)
    return places


def _faults(cells: Mapping[str, str], own: str, today: date) -> Iterator[tuple[str, str]]:
    code = cells["currency"].upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        yield "currency", "A currency is three letters, such as CNY."
    elif code == own:
        yield "currency", "The shop's own currency has no rate."
    day = _day(cells["date"])
    if day is None or not EARLIEST <= day <= today:
        yield "date", "Must be a day up to today, written as 2026-12-31."
    rate = _number(cells["rate"])
    if rate is None or not 0 < round(rate, 8) < LARGEST:
        yield "rate", "Must be a number above zero: what one unit of the currency is worth."


def _rate(cells: Mapping[str, str]) -> NewRate:
    return NewRate(cells["currency"].upper(), date.fromisoformat(_iso(cells["date"])), round(Decimal(cells["rate"]), 8))


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(_iso(typed))
    except ValueError:
        return None


def _iso(typed: str) -> str:
    """A workbook's date comes with a time."""
    return typed.partition("T")[0].replace("/", "-")


def _number(typed: str) -> Decimal | None:
    try:
        found = Decimal(typed)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
