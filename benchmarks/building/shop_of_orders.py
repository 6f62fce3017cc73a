"""A shop of so many orders laid straight into the warehouse's tables, without a source: what a build reads.

Each order has one line of one code, paid, charged a fee and delivered; one in fifty is refunded. Days, products and
customers are spread by multiplication with large primes, so that every run makes the same shop.
"""

from datetime import UTC, datetime, timedelta

import duckdb

from tests.warehouse.hand_fed import close_batch, create

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 730
SKUS, PRODUCTS, CATEGORIES = 200, 50, 8

_CATALOGUE = f"""
insert into raw_current.shop_profile by name
    select 1 as id, 'CNY' as currency, 'Asia/Shanghai' as timezone, 1 as _batch;
insert into raw_current.category by name
    select i as id, uuid() as public_id, 'c' || i as slug, 'c' as name_zh, 'c' as name_en, i as position, 1 as _batch
    from range(1, {CATEGORIES + 1}) as r (i);
insert into raw_current.product by name
    select i as id, uuid() as public_id, 1 + i % {CATEGORIES} as category_id, 'p' || i as slug, 'card_code' as kind,
        'p' as title_zh, 'p' as title_en, 1 as _batch
    from range(1, {PRODUCTS + 1}) as r (i);
insert into raw_current.sku by name
    select i as id, uuid() as public_id, 1 + i % {PRODUCTS} as product_id, 's' || i as code, 's' as name_zh,
        's' as name_en, 1 as _batch
    from range(1, {SKUS + 1}) as r (i);
update raw_current.ledger_account set _batch = 1;
"""
_ORDERS = f"""
insert into raw_current.customer by name
    select i as id, uuid() as public_id, case i % 3 when 0 then 'search' when 1 then 'friends' else 'video' end
        as acquisition_channel, timestamptz '{FIRST_DAY}' as registered_at, 1 as _batch
    from range(1, $customers + 1) as r (i);
create temp table bought as
    select
        i as id,
        1 + (i * 7919) % $customers as customer_id,
        1 + (i * 104729) % {SKUS} as sku_id,
        1000 + (i * 31) % 9000 as gross_fen,
        (1000 + (i * 31) % 9000) // 10 as discount_fen,
        (1000 + (i * 31) % 9000) * 7 // 10 as cost_fen,
        (1000 + (i * 31) % 9000) * 54 // 10000 as fee_fen,
        timestamptz '{FIRST_DAY}' + to_seconds(i * {DAYS * 86400} // $orders) as ordered_at,
        cast(ordered_at at time zone 'Asia/Shanghai' as date) as ordered_date
    from range(1, $orders + 1) as r (i);
insert into raw_current.orders by name
    select id, uuid() as public_id, 'M' || id as order_no, customer_id, 'delivered' as state, gross_fen, discount_fen,
        gross_fen - discount_fen as net_fen, ordered_at, ordered_at as paid_at, ordered_at as delivered_at, 1 as _batch
    from bought;
insert into raw_current.order_item by name
    select id, uuid() as public_id, id as order_id, 1 as line_no, sku_id, 1 as quantity, gross_fen, discount_fen,
        gross_fen - discount_fen as net_fen, 1 as _batch
    from bought;
insert into raw_current.fulfilment by name
    select id, uuid() as public_id, id as order_item_id, 1 as unit_no, 1 as quantity, 'delivered' as state, gross_fen,
        discount_fen, cost_fen, ordered_at as delivered_at, 1 as _batch
    from bought;
"""
_POSTINGS = {
    # event: which orders, and (account, signed fen, whether it names the order line) of its entries
    "order_paid": (
        "true",
        (
            ("gateway_receivable", "gross_fen - discount_fen", False),
            ("unearned_sales", "discount_fen - gross_fen", False),
        ),
    ),
    "fee_charged": ("fee_fen > 0", (("payment_fees", "fee_fen", True), ("gateway_receivable", "-fee_fen", False))),
    "item_delivered": (
        "true",
        (
            ("unearned_sales", "gross_fen - discount_fen", True),
            ("discounts", "discount_fen", True),
            ("sales", "-gross_fen", True),
            ("cogs", "cost_fen", True),
            ("card_inventory", "-cost_fen", True),
        ),
    ),
    "refund_granted": (
        "id % 50 = 0",
        (("refunds", "gross_fen // 2", True), ("refund_payable", "-(gross_fen // 2)", True)),
    ),
}
_LINES = {
    "fee_charged": (("payment_fees", "fee_fen"),),
    "item_delivered": (("gross_sales", "gross_fen"), ("discounts", "discount_fen"), ("cogs", "cost_fen")),
    "refund_granted": (("refunds", "gross_fen // 2"),),
}


def lay(connection: duckdb.DuckDBPyConnection, orders: int) -> None:
    """Fill an empty warehouse with `orders` orders of an eighth as many customers, over two years, as batch 1."""
    create(connection)
    connection.execute("set preserve_insertion_order = false")
    connection.execute(_CATALOGUE)
    for statement in filter(str.strip, _ORDERS.split(";")):
        given = {"orders": orders, "customers": max(1, orders // 8)}
        connection.execute(statement, {name: value for name, value in given.items() if f"${name}" in statement})
    for place, (event, (which, entries)) in enumerate(_POSTINGS.items()):
        _post(connection, place, event, which, entries)
    connection.execute("drop table bought")
    close_batch(connection, 1, FIRST_DAY + timedelta(days=DAYS + 1))


def _post(
    connection: duckdb.DuckDBPyConnection,
    place: int,
    event: str,
    which: str,
    entries: tuple[tuple[str, str, bool], ...],
) -> None:
    transaction = f"id * {len(_POSTINGS)} + {place}"
    connection.execute(
        f"insert into raw_current.ledger_transaction by name select {transaction} as id, uuid() as public_id,"
        f" '{event}:' || id as reference, '{event}' as event, ordered_at as effective_at,"
        f" ordered_date as ledger_date, id as order_id, 1 as _batch from bought where {which}"
    )
    for number, (account, fen, of_item) in enumerate(entries):
        item = "id" if of_item else "null"
        connection.execute(
            f"insert into raw_current.ledger_entry by name select ({transaction}) * 8 + {number} as id,"
            f" {transaction} as transaction_id, '{account}' as account, {fen} as amount_fen, customer_id,"
            f" {item} as order_item_id, 1 as _batch from bought where {which}"
        )
    for number, (component, fen) in enumerate(_LINES.get(event, ())):
        connection.execute(
            f"insert into raw_current.document_line by name select ({transaction}) * 4 + {number} as id,"
            f" uuid() as public_id, {transaction} as transaction_id, '{event}' as kind, '{component}' as component,"
            f" {fen} as amount_fen, id as order_item_id, id as fulfilment_id, customer_id,"
            f" ordered_at as effective_at, 1 as _batch from bought where {which}"
        )
