with order_items as (

    select * from {{ ref('int_order_items') }}

),

margin_lines as (

    select
        lines.ledger_date,
        coalesce(order_items.sku_key, 'none') as sku_key,
        lines.product_key,
        lines.component,
        lines.amount_fen
    from {{ ref('fct_margin_lines') }} as lines
    left join order_items on lines.order_item_id = order_items.order_item_id

),

margins as (

    select
        ledger_date,
        sku_key,
        product_key,
        {{ summed_components() }}
    from margin_lines
    group by ledger_date, sku_key, product_key

),

-- Units of value zero have no margin line, so they are counted where they were handed over.
units as (

    select
        {{ business_date('fulfilments.delivered_at') }} as ledger_date,
        order_items.sku_key,
        order_items.product_key,
        sum(fulfilments.quantity) as delivered_units,
        sum(case when fulfilments.cost_fen is null then fulfilments.quantity else 0 end) as unknown_cost_units
    from {{ ref('stg_shop__fulfilments') }} as fulfilments
    inner join order_items on fulfilments.order_item_row_id = order_items.order_item_row_id
    where fulfilments.delivered_at is not null
    group by {{ business_date('fulfilments.delivered_at') }}, order_items.sku_key, order_items.product_key

),

keys as (

    select ledger_date, sku_key, product_key from margins
    union
    select ledger_date, sku_key, product_key from units

),

joined as (

    select
        keys.ledger_date,
        keys.sku_key,
        keys.product_key,
        {% for component in margin_components() -%}
        coalesce(margins.{{ component }}_fen, 0) as {{ component }}_fen,
        {% endfor -%}
        cast(coalesce(units.delivered_units, 0) as bigint) as delivered_units,
        cast(coalesce(units.unknown_cost_units, 0) as bigint) as unknown_cost_units
    from keys
    left join margins
        on keys.ledger_date = margins.ledger_date
        and keys.sku_key = margins.sku_key
        and keys.product_key = margins.product_key
    left join units
        on keys.ledger_date = units.ledger_date
        and keys.sku_key = units.sku_key
        and keys.product_key = units.product_key

)

select
    ledger_date,
    sku_key,
    product_key,
    delivered_units,
    unknown_cost_units,
    {% for component in margin_components() if component != 'cogs' -%}
    {{ component }}_fen,
    {% endfor -%}
    -- Unknown, not zero: nothing is posted for what was delivered at an unknown cost.
    case when unknown_cost_units > 0 and cogs_fen = 0 then null else cogs_fen end as cogs_fen,
    {{ cm3() }} as cm3_fen
from joined
