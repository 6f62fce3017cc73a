with days as (

    select
        ledger_date,
        {% for component in margin_components() -%}
        cast(sum({{ component }}_fen) as bigint) as {{ component }}_fen,
        {% endfor -%}
        cast(sum(net_sales_known_cost_fen) as bigint) as net_sales_known_cost_fen,
        cast(sum(ledger_profit_fen) as bigint) as ledger_profit_fen,
        cast(sum(delivered_units) as bigint) as delivered_units,
        cast(sum(unknown_cost_units) as bigint) as unknown_cost_units
    from {{ ref('int_profit_by_day_and_product') }}
    group by ledger_date

),

orders as (

    select
        {{ business_date('fulfilments.delivered_at') }} as ledger_date,
        count(distinct order_items.order_id) as order_count
    from {{ ref('stg_shop__fulfilments') }} as fulfilments
    inner join {{ ref('int_order_items') }} as order_items
        on fulfilments.order_item_row_id = order_items.order_item_row_id
    where fulfilments.delivered_at is not null
    group by {{ business_date('fulfilments.delivered_at') }}

)

select
    days.ledger_date,
    {{ profit_columns() }},
    coalesce(orders.order_count, 0) as order_count
from days
left join orders on days.ledger_date = orders.ledger_date
