"""SQL of invoices: what money of an order can be invoiced, requests as pages show them, goods lines."""

from sqlalchemy import text

# What was paid for an order less what was or is to be given back, by its goods lines; a chargeback lowers the order.
LINE_FEN = """
select i.order_id, i.id as item_id, i.net_fen - coalesce((
    select sum(r.amount_fen) from shop.fulfilment as f join shop.refund as r on r.fulfilment_id = f.id
    where f.order_item_id = i.id and r.state <> 'failed'
), 0)::bigint as amount_fen
from shop.order_item as i
"""
ORDER_FEN = f"""
select o.id, greatest(0, coalesce((select sum(line.amount_fen) from ({LINE_FEN}) as line where line.order_id = o.id), 0)
    - coalesce((select sum(c.amount_fen) from shop.chargeback as c join shop.payment as p on p.id = c.payment_id
        where p.order_id = o.id), 0))::bigint as amount_fen
from shop.orders as o
"""
GOODS = """
left join lateral (
    select p.title_zh, p.title_en from shop.order_item as i
    join shop.sku as s on s.id = i.sku_id join shop.product as p on p.id = s.product_id
    where i.order_id = o.id order by i.line_no limit 1
) as goods on true
"""
INVOICEABLE = text(f"""
select o.order_no, goods.title_zh, goods.title_en, o.paid_at, owed.amount_fen
from shop.orders as o join lateral ({ORDER_FEN}) as owed on owed.id = o.id {GOODS}
where o.customer_id = :customer_id and o.paid_at > :since
    and not exists (select from shop.invoice_order as l where l.order_id = o.id and l.is_live)
    and owed.amount_fen > 0
order by o.paid_at desc limit :limit
""")
LOCK_ORDERS = text("""
select id from shop.orders where customer_id = :customer_id and order_no = any(cast(:order_nos as text[]))
    and paid_at > :since order by id for update
""")
LOCK_BY_ID = text("select id from shop.orders where id = any(cast(:ids as bigint[])) order by id for update")
AMOUNTS = text(f"select id, amount_fen from ({ORDER_FEN}) as o where id = any(cast(:ids as bigint[])) order by id")
INVOICE = f"""
select v.public_id as id, c.public_id as customer_id, v.state, v.kind, v.amount_fen, v.reason, v.code, v.number,
    v.issued_on, v.file_type, v.red_number, v.red_flushed_on, v.red_due_at, v.requested_at, v.decided_at,
    coalesce((select sum(o.amount_fen) from ({ORDER_FEN}) as o join shop.invoice_order as l on l.order_id = o.id
        where l.invoice_id = v.id), 0)::bigint as now_fen,
    (select count(*) from shop.invoice_order as l where l.invoice_id = v.id) as order_count
from shop.invoice as v join shop.customer as c on c.id = v.customer_id
"""
ONE = text(f"""{INVOICE}
where v.public_id = :id and (cast(:customer_id as bigint) is null or v.customer_id = :customer_id)
""")
OF_CUSTOMER = text(f"{INVOICE} where v.customer_id = :customer_id order by v.id desc limit 100")
LISTED = text(f"""{INVOICE}
where (cast(:state as text) is null or v.state = :state) and (not :red or v.red_due_at is not null)
    and (cast(:since as timestamptz) is null or v.requested_at >= :since)
    and (cast(:until as timestamptz) is null or v.requested_at < :until)
order by v.id desc limit :limit offset :offset
""")
LINES = text(f"""
select o.order_no, p.title_zh, p.title_en, s.name_zh, s.name_en, i.quantity, line.amount_fen
from shop.invoice as v join shop.invoice_order as l on l.invoice_id = v.id
join shop.orders as o on o.id = l.order_id
join shop.order_item as i on i.order_id = o.id
join shop.sku as s on s.id = i.sku_id join shop.product as p on p.id = s.product_id
join lateral ({LINE_FEN}) as line on line.item_id = i.id
where v.public_id = :id and line.amount_fen > 0 order by o.id, i.line_no
""")
TO_FLUSH = text(f"""
update shop.invoice as v set red_due_at = :at
where v.state = 'issued' and v.red_due_at is null and v.amount_fen > coalesce((
    select sum(o.amount_fen) from ({ORDER_FEN}) as o join shop.invoice_order as l on l.order_id = o.id
    where l.invoice_id = v.id
), 0) returning v.public_id, v.amount_fen
""")
