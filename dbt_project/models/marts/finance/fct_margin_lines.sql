with document_lines as (

    select * from {{ ref('stg_shop__document_lines') }}

),

transactions as (

    select * from {{ ref('stg_shop__ledger_transactions') }}

),

order_items as (

    select * from {{ ref('int_order_items') }}

),

fulfilments as (

    select * from {{ ref('stg_shop__fulfilments') }}

),

customers as (

    select * from {{ ref('stg_shop__customers') }}

)

select
    document_lines.document_line_id,
    document_lines.kind,
    document_lines.component,
    document_lines.amount_fen,
    case
        when document_lines.component in ({{ income_components() }}) then document_lines.amount_fen
        else -document_lines.amount_fen
    end as profit_fen,
    document_lines.effective_at,
    transactions.ledger_date,
    coalesce(order_items.order_item_id, 'none') as order_item_id,
    coalesce(order_items.product_key, 'none') as product_key,
    coalesce(order_items.category_key, 'none') as category_key,
    coalesce(customers.customer_key, 'none') as customer_key,
    -- A unit's own cost decides; a line that names no unit is judged by its whole order line.
    case
        when fulfilments.fulfilment_row_id is not null then fulfilments.cost_fen is not null
        when order_items.order_item_row_id is not null then order_items.unknown_cost_units = 0
    end as has_known_cost
from document_lines
inner join transactions on document_lines.ledger_transaction_row_id = transactions.ledger_transaction_row_id
left join order_items on document_lines.order_item_row_id = order_items.order_item_row_id
left join fulfilments on document_lines.fulfilment_row_id = fulfilments.fulfilment_row_id
left join customers on document_lines.customer_row_id = customers.customer_row_id
