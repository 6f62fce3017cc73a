"""CDNOW's order history laid straight into the warehouse's tables, each row an order of one line of unknown cost."""

from datetime import UTC, datetime
from pathlib import Path

from mingsuan.settings import Settings
from pipelines import warehouse
from tests.warehouse import hand_fed

ROWS = r"""
create temp table history as
select
    row_number() over () as id,
    cells[1]::bigint as customer_id,
    strptime(cells[2], '%Y%m%d') at time zone 'Asia/Shanghai' as ordered_at,
    strptime(cells[2], '%Y%m%d')::date as ordered_date,
    cells[3]::bigint as quantity,
    round(cells[4]::decimal(12, 2) * 100)::bigint as fen
from (
    select regexp_split_to_array(trim(line, E' \r'), ' +') as cells
    from (select unnest(lines) as line, generate_subscripts(lines, 1) as n
          from (select string_split(content, chr(10)) as lines from read_text(?)))
    where n > 1 and trim(line, E' \r') <> ''
)
"""
LOAD = """
insert into raw_current.category by name
    select 1 as id, uuid() as public_id, 'music' as slug, 'CD' as name_zh, 'CD' as name_en;
insert into raw_current.product by name
    select 1 as id, uuid() as public_id, 1 as category_id, 'cd' as slug, 'physical' as kind,
        'CD' as title_zh, 'CD' as title_en;
insert into raw_current.sku by name
    select 1 as id, uuid() as public_id, 1 as product_id, 'CD' as code, 'CD' as name_zh, 'CD' as name_en;
insert into raw_current.customer by name
    select customer_id as id, uuid() as public_id, 'cdnow' as source, 'import' as acquisition_channel,
        min(ordered_at) as registered_at
    from history group by customer_id;
insert into raw_current.orders by name
    select id, uuid() as public_id, 'C' || id as order_no, customer_id, 'delivered' as state, fen as gross_fen,
        0 as discount_fen, fen as net_fen, ordered_at, ordered_at as paid_at, ordered_at as delivered_at,
        'cdnow' as source
    from history;
insert into raw_current.order_item by name
    select id, uuid() as public_id, id as order_id, 1 as line_no, 1 as sku_id, quantity, fen as gross_fen,
        0 as discount_fen, fen as net_fen
    from history;
insert into raw_current.fulfilment by name
    select id, uuid() as public_id, id as order_item_id, 1 as unit_no, quantity, 'delivered' as state,
        fen as gross_fen, 0 as discount_fen, ordered_at as delivered_at
    from history;
insert into raw_current.ledger_transaction by name
    select id * 2 - 1 as id, uuid() as public_id, 'payment:' || id as reference, 'order_paid' as event,
        ordered_at as effective_at, ordered_date as ledger_date, id as order_id
    from history where fen > 0
    union all by name
    select id * 2 as id, uuid() as public_id, 'delivery:' || id as reference, 'item_delivered' as event,
        ordered_at as effective_at, ordered_date as ledger_date, id as order_id
    from history where fen > 0;
insert into raw_current.ledger_entry by name
    select id * 4 - 3 as id, id * 2 - 1 as transaction_id, 'bank' as account, fen as amount_fen, customer_id,
        null as order_item_id from history where fen > 0
    union all by name
    select id * 4 - 2 as id, id * 2 - 1 as transaction_id, 'unearned_sales' as account, -fen as amount_fen, customer_id,
        null as order_item_id from history where fen > 0
    union all by name
    select id * 4 - 1 as id, id * 2 as transaction_id, 'unearned_sales' as account, fen as amount_fen, customer_id,
        id as order_item_id from history where fen > 0
    union all by name
    select id * 4 as id, id * 2 as transaction_id, 'sales' as account, -fen as amount_fen, customer_id,
        id as order_item_id from history where fen > 0;
insert into raw_current.document_line by name
    select id, uuid() as public_id, id * 2 as transaction_id, 'delivery' as kind, 'gross_sales' as component,
        fen as amount_fen, id as order_item_id, id as fulfilment_id, customer_id, ordered_at as effective_at
    from history where fen > 0;
"""


def feed(settings: Settings, file: Path) -> None:
    """A warehouse with the whole history, paid and delivered on the day of each order."""
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        hand_fed.create(connection)
        connection.execute(
            "insert into raw_current.shop_profile (id, currency, timezone) values (1, 'USD', 'Asia/Shanghai')"
        )
        connection.execute(ROWS, [str(file)])
        connection.execute(LOAD)
        hand_fed.close_batch(connection, 1, datetime(2026, 1, 1, tzinfo=UTC))
