"""A file, or pasted lines, of parcels: order number, courier, tracking number. Refused whole while a row is wrong."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from transactional.db import ReadSession
from transactional.errors import FieldProblem, InvalidInputError
from transactional.logistics.couriers import courier_code, tracking_number

MOST_ROWS = 2000
COLUMNS = {
    "order_no": ("订单号", "order", "order_no", "order number"),
    "courier": ("快递公司", "快递", "courier"),
    "tracking_no": ("快递单号", "运单号", "物流单号", "tracking_no", "tracking number"),
}
ORDERS = text("""
select o.order_no, exists (
    select from shop.order_item as i join shop.fulfilment as f on f.order_item_id = i.id
    join shop.sku as s on s.id = i.sku_id join shop.product as p on p.id = s.product_id
    where i.order_id = o.id and f.state = 'waiting' and f.waits_for = 'manual' and p.kind = 'physical'
) as waits
from shop.orders as o where o.order_no = any(cast(:order_nos as text[]))
""")
PARCELS = text("""
select courier, tracking_no, reference from shop.shipment where tracking_no = any(cast(:numbers as text[]))
""")


@dataclass(frozen=True, slots=True)
class ParcelRow:
    """One row as it was written. `fault` names what is wrong; `is_known` is recorded already and changes nothing."""

    line: int
    order_no: str
    courier: str
    tracking_no: str
    fault: str = ""
    is_known: bool = False


def rows_of(content: str) -> list[ParcelRow]:
    """Comma, semicolon or tab between the cells; a heading may name the columns, else they come in this order.

    Raises InvalidInputError for nothing at all or too much.
    """
    lines = content.lstrip("\ufeff").splitlines()
    filled = [(number, line) for number, line in enumerate(lines, 1) if line.strip(" \t,;")]
    if not filled:
        raise InvalidInputError([FieldProblem("content", "There is no row to read.")])
    if len(filled) > MOST_ROWS + 1:
        raise InvalidInputError([FieldProblem("content", "At most {rows} rows at once.", (("rows", MOST_ROWS),))])
    delimiter = max("\t;,", key=filled[0][1].count)
    cells = [(number, _cells(line, delimiter)) for number, line in filled]
    places = _places(cells[0][1])
    if places is not None:
        cells = cells[1:]
    return [_row(number, row, places or {"order_no": 0, "courier": 1, "tracking_no": 2}) for number, row in cells]


async def examined(session: ReadSession, rows: Sequence[ParcelRow]) -> list[ParcelRow]:
    """The rows with what is wrong with each; nothing is written."""
    found = await session.execute(ORDERS, {"order_nos": [row.order_no for row in rows]})
    waits = {row.order_no: row.waits for row in found}
    numbers = [number for row in rows if (number := tracking_number(row.tracking_no))]
    recorded = await session.execute(PARCELS, {"numbers": numbers})
    taken = {(row.courier, row.tracking_no): row.reference for row in recorded}
    seen: set[str] = set()
    examined_rows = []
    for row in rows:
        examined_rows.append(_examined(row, waits, taken, seen))
        seen |= {row.order_no, tracking_number(row.tracking_no) or ""}
    return examined_rows


def _examined(row: ParcelRow, waits: dict[str, bool], taken: dict[tuple[str, str], str], seen: set[str]) -> ParcelRow:
    courier, number = courier_code(row.courier), tracking_number(row.tracking_no)
    owner = taken.get((courier or "", number or ""))
    known = owner is not None and owner == row.order_no
    faults = {
        "columns": not (row.order_no and row.courier and row.tracking_no),
        "courier": courier is None,
        "number": number is None,
        "order": row.order_no not in waits,
        "twice": row.order_no in seen or (number or "-") in seen,
        "taken": owner is not None and not known,
        "nothing": not known and not waits.get(row.order_no, False),
    }
    fault = next((name for name, is_so in faults.items() if is_so), "")
    return ParcelRow(row.line, row.order_no, row.courier, row.tracking_no, fault, known)


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip().removeprefix("'") for cell in next(csv.reader(io.StringIO(line), delimiter=delimiter))]


def _places(heading: Sequence[str]) -> dict[str, int] | None:
    names = [cell.casefold() for cell in heading]
    places = {
        column: next((names.index(word) for word in words if word in names), -1) for column, words in COLUMNS.items()
    }
    return places if min(places.values()) >= 0 else None


def _row(line: int, cells: Sequence[str], places: dict[str, int]) -> ParcelRow:
    def cell(column: str) -> str:
        return cells[places[column]][:200] if places[column] < len(cells) else ""

    return ParcelRow(line, cell("order_no"), cell("courier"), cell("tracking_no"))
