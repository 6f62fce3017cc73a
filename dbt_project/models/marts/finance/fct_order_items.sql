{{ config(materialized='incremental', unique_key='order_item_id') }}

with all_order_items as (

    select * from {{ ref('int_order_items') }}

),

{% if is_incremental() -%}
restated as (

    select all_order_items.order_item_id from all_order_items
    where {{ is_new('all_order_items') }}

),

{% endif -%}
order_items as (

    select * from all_order_items
    {{ only_restated('order_item_id') }}

),

margins as (

    select
        order_item_id,
        {{ summed_components() }},
        {{ summed_known_net_sales() }} as net_sales_known_cost_fen
    from {{ ref('fct_margin_lines') }}
    where order_item_id <> 'none'
        {{ only_restated('order_item_id', 'and') }}
    group by order_item_id

),

posted as (

    select
        order_items.*,
        {% for component in margin_components() -%}
        coalesce(margins.{{ component }}_fen, 0) as {{ component }}_fen,
        {% endfor -%}
        coalesce(margins.net_sales_known_cost_fen, 0) as net_sales_known_cost_fen
    from order_items
    left join margins on order_items.order_item_id = margins.order_item_id

)

select
    order_item_id,
    order_id,
    order_no,
    line_no,
    customer_key,
    product_key,
    sku_key,
    category_key,
    source,
    order_state,
    ordered_at,
    ordered_date,
    first_delivered_at,
    quantity,
    cast(delivered_units as bigint) as delivered_units,
    unknown_cost_units = 0 as has_known_cost,
    gross_sales_fen,
    discounts_fen,
    refunds_fen,
    {{ net_sales() }} as net_sales_fen,
    draw_income_fen,
    membership_income_fen,
    other_income_fen,
    {{ net_revenue() }} as net_revenue_fen,
    case when unknown_cost_units = 0 then cogs_fen end as cogs_fen,
    {{ cm1() }} as cm1_fen,
    payment_fees_fen,
    delivery_costs_fen,
    supplier_losses_fen,
    card_losses_fen,
    chargebacks_fen,
    {{ cm2() }} as cm2_fen,
    commissions_fen,
    marketing_fen,
    goodwill_fen,
    draw_prizes_fen,
    {{ cm3() }} as cm3_fen,
    net_sales_known_cost_fen
from posted
