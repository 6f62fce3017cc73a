with margin_lines as (

    select * from {{ ref('fct_margin_lines') }}

),

order_items as (

    select * from {{ ref('int_order_items') }}

),

margins as (

    select
        ledger_date,
        product_key,
        category_key,
        {{ summed_components() }},
        {{ summed_known_net_sales() }} as net_sales_known_cost_fen
    from margin_lines
    group by ledger_date, product_key, category_key

),

ledger as (

    select
        entries.ledger_date,
        coalesce(order_items.product_key, 'none') as product_key,
        coalesce(order_items.category_key, 'none') as category_key,
        -sum(entries.amount_fen) as ledger_profit_fen
    from {{ ref('fct_ledger_entries') }} as entries
    left join order_items on entries.order_item_id = order_items.order_item_id
    where entries.account_kind in ('income', 'expense')
    group by
        entries.ledger_date, coalesce(order_items.product_key, 'none'), coalesce(order_items.category_key, 'none')

),

-- Units of value zero have no margin line, so they are counted where they were handed over.
units as (

    select
        {{ business_date('fulfilments.delivered_at') }} as ledger_date,
        order_items.product_key,
        order_items.category_key,
        sum(fulfilments.quantity) as delivered_units,
        sum(case when fulfilments.cost_fen is null then fulfilments.quantity else 0 end) as unknown_cost_units
    from {{ ref('stg_shop__fulfilments') }} as fulfilments
    inner join order_items on fulfilments.order_item_row_id = order_items.order_item_row_id
    where fulfilments.delivered_at is not null
    group by
        {{ business_date('fulfilments.delivered_at') }}, order_items.product_key, order_items.category_key

),

keys as (

    select ledger_date, product_key, category_key from margins
    union
    select ledger_date, product_key, category_key from ledger
    union
    select ledger_date, product_key, category_key from units

)

select
    keys.ledger_date,
    keys.product_key,
    keys.category_key,
    {% for component in margin_components() -%}
    coalesce(margins.{{ component }}_fen, 0) as {{ component }}_fen,
    {% endfor -%}
    coalesce(margins.net_sales_known_cost_fen, 0) as net_sales_known_cost_fen,
    cast(coalesce(ledger.ledger_profit_fen, 0) as bigint) as ledger_profit_fen,
    cast(coalesce(units.delivered_units, 0) as bigint) as delivered_units,
    cast(coalesce(units.unknown_cost_units, 0) as bigint) as unknown_cost_units
from keys
left join margins
    on keys.ledger_date = margins.ledger_date
    and keys.product_key = margins.product_key
    and keys.category_key = margins.category_key
left join ledger
    on keys.ledger_date = ledger.ledger_date
    and keys.product_key = ledger.product_key
    and keys.category_key = ledger.category_key
left join units
    on keys.ledger_date = units.ledger_date
    and keys.product_key = units.product_key
    and keys.category_key = units.category_key
