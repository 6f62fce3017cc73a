"""Rows of a supplier's quote sheet: read whole, or refused with row, column and reason. Pure but for unpacking."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from transactional import sheets
from transactional.errors import FieldProblem, RefusedFileError
from transactional.sheets import SheetRow, UnreadableSheetError
from transactional.suppliers.offers.rules import BEYOND, FINEST

MOST_ROWS = 5000
COLUMNS = {
    "supplier_sku": ("supplier_sku", "supplier sku", "货号", "供应商编号", "供应商货号", "商品编号"),
    "sku": ("sku", "sku code", "本店sku", "sku编码", "本店编码"),
    "cost": ("cost", "unit_cost", "price", "成本", "单价", "供货价", "价格"),
    "currency": ("currency", "币种"),
    "stock": ("stock", "库存"),
    "name": ("name", "名称", "商品名称"),
}
NEEDED = ("supplier_sku", "sku", "cost")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Quote:
    """One row of a sheet. `currency` is the supplier's own when the sheet names none."""

    row: int
    supplier_sku: str
    sku_code: str
    cost: Decimal
    currency: str
    stock: int | None
    name: str = ""


def read(file_name: str, content: bytes, currency: str) -> list[Quote]:
    """The quotes of a sheet, in its order. Raises RefusedFileError naming every bad cell."""
    try:
        filled = sheets.rows(file_name, content, MOST_ROWS + 2)
    except UnreadableSheetError as error:
        raise RefusedFileError([FieldProblem("file", str(error))]) from None
    if len(filled) < 2:
        raise RefusedFileError([FieldProblem("file", "The sheet holds no rows below its heading.")])
    if len(filled) > MOST_ROWS + 1:
        raise RefusedFileError([FieldProblem("file", "At most {rows} rows at once.", (("rows", MOST_ROWS),))])
    places = _places(filled[0])
    read_rows = [_quote(row, places, currency) for row in filled[1:]]
    quotes = [each for each, _ in read_rows if each is not None]
    problems = [each for _, found in read_rows for each in found]
    if problems := [*problems, *_repeated(quotes)]:
        raise RefusedFileError(sorted(problems, key=lambda each: int(each.place.split()[1].rstrip(","))))
    return quotes


def as_csv(quotes: Sequence[Quote]) -> str:
    """The same quotes as a sheet that `read` reads alike."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(COLUMNS)
    for each in quotes:
        stock = "" if each.stock is None else each.stock
        rows.writerow((each.supplier_sku, each.sku_code, f"{each.cost:f}", each.currency, stock, each.name))
    return written.getvalue()


def _places(heading: SheetRow) -> dict[str, int]:
    names = [cell.casefold() for cell in heading.cells]
    places = {
        column: next((names.index(word) for word in words if word in names), -1) for column, words in COLUMNS.items()
    }
    if missing := [column for column in NEEDED if places[column] < 0]:
        reason = "The heading must name this column: {words}."
        raise RefusedFileError(
            [problem(heading.row, each, reason, words=" / ".join(COLUMNS[each])) for each in missing]
        )
    return places


def _quote(row: SheetRow, places: Mapping[str, int], currency: str) -> tuple[Quote | None, list[FieldProblem]]:
    cells = {name: row.cells[at] if 0 <= at < len(row.cells) else "" for name, at in places.items()}
    problems = [
        problem(row.row, name, reason) for name, reason in _faults({**cells, "currency": cells["currency"] or currency})
    ]
    if problems:
        return None, problems
    stock = int(_number(cells["stock"]) or 0) if cells["stock"] else None
    cost = (_number(cells["cost"]) or Decimal(0)).quantize(FINEST)
    told = cells["currency"].upper() or currency
    return Quote(row.row, cells["supplier_sku"], cells["sku"], cost, told, stock, cells["name"]), []


def _faults(cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in cells.items():
        if len(value) > LONGEST or not value.isprintable():
            yield name, "Longer than 200 characters, or with characters that cannot be shown."
    for name in ("supplier_sku", "sku"):
        if not cells[name]:
            yield name, "Must not be empty."
    cost = _number(cells["cost"])
    if cost is None:
        yield "cost", "Not an amount, such as 12.30."
    elif not FINEST <= cost < BEYOND:
        yield "cost", "A cost is more than zero; leave the row out when there is none."
    code = cells["currency"]
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        yield "currency", "A currency is three letters, such as CNY."
    stock = _number(cells["stock"]) if cells["stock"] else Decimal(0)
    if stock is None or stock != stock.to_integral_value() or not 0 <= stock < 10**12:
        yield "stock", "Must be a whole number, or empty when it is not known."


def _number(typed: str) -> Decimal | None:
    try:
        found = Decimal(typed.replace(",", "").lstrip("¥￥$ "))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _repeated(quotes: Sequence[Quote]) -> Iterator[FieldProblem]:
    first: dict[str, int] = {}
    for each in quotes:
        earlier = first.setdefault(each.supplier_sku, each.row)
        if earlier != each.row:
            yield problem(each.row, "supplier_sku", "The same good as in row {row}.", row=earlier)


def problem(at: int, column: str, reason: str, **values: object) -> FieldProblem:
    """What is wrong with a cell."""
    return FieldProblem(f"row {at}, column {column}", reason, tuple(values.items()))
