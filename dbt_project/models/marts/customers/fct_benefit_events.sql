with events as (

    select * from {{ ref('stg_shop__entitlement_events') }}

),

benefits as (

    select * from {{ ref('stg_shop__entitlements') }}

),

customers as (

    select * from {{ ref('stg_shop__customers') }}

),

fulfilments as (

    select * from {{ ref('stg_shop__fulfilments') }}

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

skus as (

    select * from {{ ref('stg_shop__skus') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

)

select
    {{ row_hash(["'benefit_event'", 'events.entitlement_event_row_id']) }} as benefit_event_key,
    benefits.entitlement_key as benefit_key,
    customers.customer_key,
    orders.order_id,
    order_items.order_item_id,
    products.product_key,
    skus.sku_key,
    benefits.kind as product_kind,
    events.from_state,
    events.to_state,
    events.cause,
    benefits.state as state_now,
    events.happened_at,
    {{ business_date('events.happened_at') }} as happened_date
from events
inner join benefits on events.entitlement_row_id = benefits.entitlement_row_id
inner join customers on benefits.customer_row_id = customers.customer_row_id
inner join fulfilments on benefits.fulfilment_row_id = fulfilments.fulfilment_row_id
inner join order_items on fulfilments.order_item_row_id = order_items.order_item_row_id
inner join orders on benefits.order_row_id = orders.order_row_id
inner join skus on benefits.sku_row_id = skus.sku_row_id
inner join products on benefits.product_row_id = products.product_row_id
