with order_items as (

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

delivered as (

    select
        order_item_row_id,
        min(delivered_at) as first_delivered_at,
        sum(quantity) as delivered_units,
        sum(case when cost_fen is null then quantity else 0 end) as unknown_cost_units
    from {{ ref('stg_shop__fulfilments') }}
    where delivered_at is not null
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
    coalesce(delivered.unknown_cost_units, 0) as unknown_cost_units
from order_items
inner join orders on order_items.order_row_id = orders.order_row_id
inner join customers on orders.customer_row_id = customers.customer_row_id
inner join skus on order_items.sku_row_id = skus.sku_row_id
inner join products on skus.product_row_id = products.product_row_id
inner join categories on products.category_row_id = categories.category_row_id
left join delivered on order_items.order_item_row_id = delivered.order_item_row_id
