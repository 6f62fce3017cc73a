{% set dimensions = [
    'ledger_date', 'product_key', 'category_key', 'channel_key', 'campaign_key', 'acquisition_channel',
] %}

with margin_lines as (

    select * from {{ ref('fct_margin_lines') }}

),

order_items as (

    select * from {{ ref('int_order_items') }}

),

units as (

    select * from {{ ref('int_units') }}
    where delivered_at is not null

),

customers as (

    select * from {{ ref('stg_shop__customers') }}

),

margins as (

    select
        {{ dimensions | join(', ') }},
        {{ summed_components() }},
        {{ summed_known_net_sales() }} as net_sales_known_cost_fen
    from margin_lines
    group by {{ dimensions | join(', ') }}

),

-- Units of value zero have no margin line, so they are counted where they were handed over.
delivered_units as (

    select
        {{ business_date('units.delivered_at') }} as ledger_date,
        order_items.product_key,
        order_items.category_key,
        units.channel_key,
        'none' as campaign_key,
        customers.acquisition_channel,
        units.quantity,
        case when units.cost_fen is null then units.quantity else 0 end as unknown_cost_quantity
    from units
    inner join order_items on units.order_item_row_id = order_items.order_item_row_id
    inner join customers on order_items.customer_key = customers.customer_key

),

delivered as (

    select
        {{ dimensions | join(', ') }},
        cast(sum(quantity) as bigint) as delivered_units,
        cast(sum(unknown_cost_quantity) as bigint) as unknown_cost_units
    from delivered_units
    group by {{ dimensions | join(', ') }}

),

keys as (

    select {{ dimensions | join(', ') }} from margins
    union
    select {{ dimensions | join(', ') }} from delivered

),

summed as (

    select
        {% for dimension in dimensions -%}
        keys.{{ dimension }},
        {% endfor -%}
        {% for component in margin_components() -%}
        coalesce(margins.{{ component }}_fen, 0) as {{ component }}_fen,
        {% endfor -%}
        coalesce(margins.net_sales_known_cost_fen, 0) as net_sales_known_cost_fen,
        coalesce(delivered.delivered_units, 0) as delivered_units,
        coalesce(delivered.unknown_cost_units, 0) as unknown_cost_units
    from keys
    left join margins
        on keys.ledger_date = margins.ledger_date
        {% for dimension in dimensions[1:] -%}
        and keys.{{ dimension }} = margins.{{ dimension }}
        {% endfor %}
    left join delivered
        on keys.ledger_date = delivered.ledger_date
        {% for dimension in dimensions[1:] -%}
        and keys.{{ dimension }} = delivered.{{ dimension }}
        {% endfor %}

)

select
    {{ dimensions | join(', ') }},
    {{ profit_columns(with_ledger=false) }}
from summed
