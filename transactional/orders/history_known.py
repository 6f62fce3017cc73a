"""Orders of a source that the shop has already: which they are, and whether a file tells them differently now."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from transactional.bulk_copy import Connection
from transactional.orders.history_identity import FileOrder
from transactional.orders.history_mapping import Mapping
from transactional.orders.history_problems import Problem

CHUNK = 5000
_LINES = """
select o.source_ref, c.external_ref, o.ordered_at, i.line_no, s.code, i.quantity, i.gross_fen, i.discount_fen
from shop.orders as o
join shop.customer as c on c.id = o.customer_id
join shop.order_item as i on i.order_id = o.id
join shop.sku as s on s.id = i.sku_id
where o.source = %s and o.source_ref = any(%s)
order by o.source_ref, i.line_no
"""


def known_refs(connection: Connection, source: str) -> set[str]:
    """Identities of all orders of the source."""
    return {str(ref) for [ref] in connection.execute("select source_ref from shop.orders where source = %s", (source,))}


def changed_orders(connection: Connection, mapping: Mapping, orders: Sequence[FileOrder]) -> Iterator[Problem]:
    """Known order numbers whose customer, date or lines are not those of the file."""
    numbered = {order.source_ref: order for order in orders if order.order_no is not None}
    refs = list(numbered)
    for start in range(0, len(refs), CHUNK):
        rows = connection.execute(_LINES, (mapping.source, refs[start : start + CHUNK]))
        for ref, lines in groupby(rows, key=lambda row: str(row[0])):
            order = numbered[ref]
            if [row[1:] for row in lines] != list(_lines(order, mapping)):
                reason = f"order {order.order_no!r} was imported before with other values"
                yield Problem(reason, order.first.line)


def _lines(order: FileOrder, mapping: Mapping) -> Iterable[tuple[object, ...]]:
    for line_no, row in order.lines:
        about = (order.customer, row.ordered_at, line_no, row.sku or mapping.goods.sku)
        yield (*about, row.quantity, row.gross_fen, row.discount_fen)
