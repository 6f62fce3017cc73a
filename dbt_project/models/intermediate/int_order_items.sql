{{ config(materialized='incremental', unique_key='order_item_row_id') }}

with all_order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

customers as (

    select * from {{ ref('stg_shop__customers') }}

),

skus as (

    select * from {{ ref('stg_shop__skus') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

categories as (

    select * from {{ ref('stg_shop__categories') }}

),

fulfilments as (

    select * from {{ ref('stg_shop__fulfilments') }}

),

purchases as (

    select * from {{ ref('stg_shop__purchases') }}

),

units as (

    select * from {{ ref('int_units') }}

),

document_lines as (

    select * from {{ ref('stg_shop__document_lines') }}

),

{% if is_incremental() -%}
-- Everything that touches an order line restates it, and what is summed over its parts follows it.
restated as (

    select all_order_items.order_item_row_id from all_order_items
    where {{ is_new('all_order_items') }}
    union
    select all_order_items.order_item_row_id
    from all_order_items
    inner join orders on all_order_items.order_row_id = orders.order_row_id
    where {{ is_new('orders') }}
    union
    select fulfilments.order_item_row_id from fulfilments
    where {{ is_new('fulfilments') }}
    union
    select fulfilments.order_item_row_id
    from fulfilments
    inner join purchases on fulfilments.fulfilment_row_id = purchases.fulfilment_row_id
    where {{ is_new('purchases') }}
    union
    select document_lines.order_item_row_id from document_lines
    where {{ is_new('document_lines') }} and document_lines.order_item_row_id is not null
    union
    -- A changed product changes its order lines only where they say otherwise.
    select stated.order_item_row_id
    from {{ this }} as stated
    inner join skus on stated.sku_key = skus.sku_key
    inner join products on skus.product_row_id = products.product_row_id
    inner join categories on products.category_row_id = categories.category_row_id
    where ({{ is_new('skus') }} or {{ is_new('products') }} or {{ is_new('categories') }})
        and (
            stated.product_key <> products.product_key
            or stated.category_key <> categories.category_key
            or stated.category_slug <> categories.slug
        )

),

{% endif -%}
order_items as (

    select * from all_order_items
    {{ only_restated('order_item_row_id') }}

),

delivered as (

    select
        order_item_row_id,
        min(delivered_at) as first_delivered_at,
        sum(quantity) as delivered_units,
        sum(case when cost_fen is null then quantity else 0 end) as unknown_cost_units,
        case when min(channel_key) = max(channel_key) then min(channel_key) end as only_channel_key
    from units
    where delivered_at is not null
        {{ only_restated('order_item_row_id', 'and') }}
    group by order_item_row_id

)

select
    order_items.order_item_row_id,
    order_items.order_item_id,
    orders.order_id,
    orders.order_no,
    order_items.line_no,
    customers.customer_key,
    products.product_key,
    skus.sku_key,
    categories.category_key,
    categories.slug as category_slug,
    coalesce(orders.source, 'shop') as source,
    orders.state as order_state,
    orders.ordered_at,
    {{ business_date('orders.ordered_at') }} as ordered_date,
    orders.paid_at,
    delivered.first_delivered_at,
    order_items.quantity,
    coalesce(delivered.delivered_units, 0) as delivered_units,
    coalesce(delivered.unknown_cost_units, 0) as unknown_cost_units,
    coalesce(delivered.only_channel_key, 'none') as channel_key,
    {{ this_batch() }} as ingest_batch_id
from order_items
inner join orders on order_items.order_row_id = orders.order_row_id
inner join customers on orders.customer_row_id = customers.customer_row_id
inner join skus on order_items.sku_row_id = skus.sku_row_id
inner join products on skus.product_row_id = products.product_row_id
inner join categories on products.category_row_id = categories.category_row_id
left join delivered on order_items.order_item_row_id = delivered.order_item_row_id
