"""Records of a file into rows of an order history, with every bad cell named. Reads nothing and writes nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TypeVar

from transactional.orders.history_cells import LARGEST_AMOUNT, amount_of, instant_of, name_of, whole_of
from transactional.orders.history_files import Cell, Record
from transactional.orders.history_mapping import Mapping
from transactional.orders.history_problems import MOST_PROBLEMS, Problem, RefusedFileError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One row, its line total split into gross and discount. Fields that the file does not know are None."""

    line: int
    ordered_at: datetime
    customer: str | None
    order_no: str | None
    line_no: int | None
    acquisition_channel: str | None
    sku: str | None
    title: str | None
    quantity: int
    gross_fen: int
    discount_fen: int


def parse_rows(records: Iterable[Record | Problem], mapping: Mapping, zone: tzinfo, now: datetime) -> list[HistoryRow]:
    """All rows of the file. Raises RefusedFileError with every problem when there is any, or no row at all."""
    parser = _Parser(mapping, zone, now)
    rows: list[HistoryRow] = []
    for record in records:
        if isinstance(record, Problem):
            parser.problems.append(record)
        elif row := parser.row(record):
            rows.append(row)
        if len(parser.problems) >= MOST_PROBLEMS:
            parser.problems.append(Problem(f"reading stopped after {MOST_PROBLEMS} problems"))
            break
    if not rows and not parser.problems:
        parser.problems.append(Problem("the file holds no rows"))
    if parser.problems:
        raise RefusedFileError(parser.problems)
    return rows


class _Layout:
    """Where each field stands in a record, and what people call its column."""

    def __init__(self, mapping: Mapping, names: Sequence[str]) -> None:
        used = mapping.columns.used
        self.index: dict[str, int] = {}
        self.label: dict[str, str] = {}
        self.missing: list[str] = []
        for order, (field, column) in enumerate(used.items()):
            if isinstance(column, tuple):
                self.index[field], self.label[field] = order, field
            elif isinstance(column, int):
                self.index[field] = column - 1
                self.label[field] = names[column - 1] if column <= len(names) else field
            elif list(names).count(column) == 1:
                self.index[field], self.label[field] = list(names).index(column), column
            else:
                self.missing.append(column)
        self.exact = len(names) if names and not mapping.by_position else None
        self.least = max(self.index.values(), default=0) + 1

    def count_problem(self, count: int) -> str | None:
        if self.exact is not None and count != self.exact:
            return f"{count} columns where {self.exact} are expected"
        if count < self.least:
            return f"{count} columns where at least {self.least} are expected"
        return None


class _Parser:
    """Keeps the layout, the problems, and instants already read: dates repeat."""

    def __init__(self, mapping: Mapping, zone: tzinfo, now: datetime) -> None:
        self.problems: list[Problem] = []
        self._mapping = mapping
        self._zone = zone
        self._now = now
        self._layout: _Layout | None = None
        self._unusable = False
        self._instants: dict[str, datetime] = {}

    def row(self, record: Record) -> HistoryRow | None:
        """None for a header line and for a row with a problem."""
        if self._unusable:
            return None
        if self._layout is None:
            names = self._header(record)
            self._layout = _Layout(self._mapping, names or self._mapping.names)
            if self._layout.missing:
                self._refuse_header(record, self._layout.missing)
                return None
            if names is not None:
                return None
        cells = list(record.cells)
        if self._mapping.format == "xlsx" and self._layout.exact is not None:
            cells += [""] * (self._layout.exact - len(cells))
        if reason := self._layout.count_problem(len(cells)):
            self.problems.append(Problem(reason, record.line))
            return None
        return self._values(_Cells(record.line, cells, self._layout, self.problems))

    def _header(self, record: Record) -> list[str] | None:
        """The record's cells when it is a header line."""
        cells = [str(cell).strip() for cell in record.cells]
        if self._mapping.header == "required":
            return cells
        is_header = [cell.lower() for cell in cells] == [name.lower() for name in self._mapping.names]
        return list(self._mapping.names) if self._mapping.header == "optional" and is_header else None

    def _refuse_header(self, record: Record, missing: Sequence[str]) -> None:
        self._unusable = True
        cells = ", ".join(repr(str(cell).strip()) for cell in record.cells)
        for name in missing:
            self.problems.append(Problem(f"the header needs column {name!r} exactly once; it has {cells}", record.line))

    def _values(self, cells: "_Cells") -> HistoryRow | None:
        numbers, currency = self._mapping.numbers, self._mapping.currency

        def amount(text: str) -> int:
            return amount_of(text, currency, numbers.decimal, numbers.thousands)

        def whole(text: str) -> int:
            return whole_of(text, numbers.thousands)

        before = len(self.problems)
        ordered_at = cells.instant("ordered_at", self._instant)
        names = {field: cells.value(field, name_of) for field in ("customer", "order_no", "sku")}
        loose = {field: cells.value(field, name_of, empty_is_none=True) for field in ("acquisition_channel", "title")}
        line_no = cells.value("line_no", whole)
        quantity = cells.value("quantity", whole)
        amounts = [cells.value(field, amount) for field in ("unit_price", "line_total", "paid_total")]
        discount = cells.value("discount", amount, empty_is_none=True) or 0
        if len(self.problems) > before or ordered_at is None:
            return None
        gross = self._gross(amounts, quantity or 1, discount)
        if discount > gross:
            cells.refuse("discount", "is more than the line's total")
            return None
        if gross > LARGEST_AMOUNT:
            cells.refuse("quantity", "makes the line's total too large")
            return None
        return HistoryRow(
            cells.line,
            ordered_at,
            line_no=line_no,
            quantity=quantity or 1,
            gross_fen=gross,
            discount_fen=discount,
            **names,
            **loose,
        )

    def _instant(self, cell: Cell) -> datetime:
        if isinstance(cell, str) and cell in self._instants:
            return self._instants[cell]
        instant = instant_of(cell, self._mapping.dates.formats, self._zone, self._now)
        if isinstance(cell, str):
            self._instants[cell] = instant
        return instant

    @staticmethod
    def _gross(amounts: Sequence[int | None], quantity: int, discount: int) -> int:
        unit_price, line_total, paid_total = amounts
        if unit_price is not None:
            return unit_price * quantity
        return line_total if line_total is not None else (paid_total or 0) + discount


class _Cells:
    """The cells of one row by field; what cannot be read becomes a problem."""

    def __init__(self, line: int, cells: Sequence[Cell], layout: _Layout, problems: list[Problem]) -> None:
        self.line = line
        self._cells = cells
        self._layout = layout
        self._problems = problems

    def value(self, field: str, read: Callable[[str], T], *, empty_is_none: bool = False) -> T | None:
        """The field's value; None when it has no column, is bad, or is empty and may be."""
        index = self._layout.index.get(field)
        if index is None:
            return None
        cell = self._cells[index]
        text = cell if isinstance(cell, str) else cell.isoformat()
        if empty_is_none and not text.strip():
            return None
        try:
            return read(text)
        except ValueError as error:
            self.refuse(field, str(error))
            return None

    def instant(self, field: str, read: Callable[[Cell], datetime]) -> datetime | None:
        try:
            return read(self._cells[self._layout.index[field]])
        except ValueError as error:
            self.refuse(field, str(error))
            return None

    def refuse(self, field: str, reason: str) -> None:
        self._problems.append(Problem(reason, self.line, self._layout.label[field]))
