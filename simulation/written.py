"""Keys of what a simulated history has written so far, by the numbers that its plan knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg.rows import dict_row

from transactional.bulk_copy import Connection

ORDERS = """
select o.order_no, o.id, o.customer_id, p.id as payment_id, array_agg(i.id order by i.line_no) as items,
    array_agg(i.net_fen order by i.line_no) as nets_fen
from shop.orders as o
join shop.order_item as i on i.order_id = o.id
left join shop.payment as p on p.order_id = o.id
where o.source = %s
group by o.id, p.id
"""
PAYOUTS = "select out_refund_no, id from shop.refund_payout"


@dataclass(frozen=True, slots=True)
class WrittenOrder:
    """Keys of an order, of its customer and payment, and of its lines in order with what each cost in fen."""

    id: int
    customer_id: int
    payment_id: int | None
    items: Sequence[int]
    nets_fen: Sequence[int]


@dataclass(frozen=True, slots=True)
class Written:
    """Customers, SKUs and fulfilments as the plan counts them; orders and payouts by their numbers."""

    customers: Sequence[int]
    skus: Sequence[int]
    fulfilments: Mapping[int, int]
    orders: Mapping[str, WrittenOrder]
    payouts: Mapping[str, int]


def written_orders(connection: Connection, source: str) -> dict[str, WrittenOrder]:
    """By order number."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(ORDERS, (source,)).fetchall()
    return {row.pop("order_no"): WrittenOrder(**row) for row in rows}


def written_payouts(connection: Connection) -> dict[str, int]:
    """By the number that gateways know."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return {row["out_refund_no"]: row["id"] for row in cursor.execute(PAYOUTS)}
