"""Which rows of a file make up one order, and how that order is recognised when it comes again. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from transactional.orders.history_problems import Problem
from transactional.orders.history_rows import HistoryRow


@dataclass(frozen=True, slots=True)
class FileOrder:
    """An order of the file: its identity in its source, and its lines by number."""

    source_ref: str
    order_no: str | None
    lines: tuple[tuple[int, HistoryRow], ...]

    @property
    def first(self) -> HistoryRow:
        return self.lines[0][1]

    @property
    def customer(self) -> str:
        """The customer's name in the source; an order without one is its own customer, who is never seen again."""
        return self.first.customer or f"order:{self.source_ref}"


def file_orders(rows: Sequence[HistoryRow], lines_share_orders: bool) -> tuple[list[FileOrder], list[Problem]]:
    """The file's orders, and what contradicts itself in them. Rows without order number stand for themselves.

    Their identity is the SHA-256 of their values and an ordinal among equal rows, so that a longer file that holds
    the same rows names them the same.
    """
    if rows and rows[0].order_no is None:
        return list(_by_values(rows)), []
    orders: list[FileOrder] = []
    problems: list[Problem] = []
    for number, together in _by_order_no(rows):
        problems += _contradictions(number, together, lines_share_orders)
        orders.append(FileOrder(number, number, tuple(_numbered(together))))
    return orders, problems


def _by_values(rows: Iterable[HistoryRow]) -> Iterator[FileOrder]:
    seen: Counter[str] = Counter()
    for row in rows:
        digest = values_digest(row)
        seen[digest] += 1
        yield FileOrder(f"{digest}:{seen[digest]}", None, ((1, row),))


def values_digest(row: HistoryRow) -> str:
    """SHA-256 of what the row says, not of how it is written: customer, instant, goods, quantity and amounts."""
    values = (row.customer, row.ordered_at.timestamp(), row.sku, row.quantity, row.gross_fen, row.discount_fen)
    return sha256(repr(values).encode()).hexdigest()


def _by_order_no(rows: Iterable[HistoryRow]) -> Iterator[tuple[str, list[HistoryRow]]]:
    orders: dict[str, list[HistoryRow]] = {}
    for row in rows:
        orders.setdefault(row.order_no or "", []).append(row)
    yield from orders.items()


def _numbered(rows: Iterable[HistoryRow]) -> Iterator[tuple[int, HistoryRow]]:
    numbered = [(row.line_no if row.line_no is not None else at, row) for at, row in enumerate(rows, 1)]
    yield from sorted(numbered, key=lambda pair: pair[0])


def _contradictions(number: str, rows: Sequence[HistoryRow], lines_share_orders: bool) -> Iterator[Problem]:
    first = rows[0]
    taken: dict[int, int] = {}
    for at, row in enumerate(rows, 1):
        line_no = row.line_no if row.line_no is not None else at
        if at > 1 and not lines_share_orders:
            yield Problem(f"order {number!r} is on line {first.line} already", row.line)
        elif (row.customer, row.ordered_at) != (first.customer, first.ordered_at):
            yield Problem(f"order {number!r} has another customer or date on line {first.line}", row.line)
        elif line_no in taken:
            yield Problem(f"order {number!r} has its line {line_no} on line {taken[line_no]} already", row.line)
        taken.setdefault(line_no, row.line)
