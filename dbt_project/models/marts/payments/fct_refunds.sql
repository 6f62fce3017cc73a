with refunds as (

    select * from {{ ref('stg_shop__refunds') }}

),

payouts as (

    select * from {{ ref('stg_shop__refund_payouts') }}

),

payments as (

    select * from {{ ref('stg_shop__payments') }}

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

customers as (

    select * from {{ ref('stg_shop__customers') }}

),

skus as (

    select * from {{ ref('stg_shop__skus') }}

)

select
    refunds.refund_key,
    orders.order_id,
    order_items.order_item_id,
    fulfilments.fulfilment_key,
    customers.customer_key,
    skus.sku_key,
    payouts.refund_payout_key,
    payments.payment_key,
    refunds.method,
    refunds.state,
    payouts.state as payout_state,
    refunds.is_earned,
    refunds.amount_fen,
    refunds.refunded_at,
    {{ business_date('refunds.refunded_at') }} as refunded_date,
    {{ business_date('orders.ordered_at') }} as ordered_date,
    payouts.paid_out_at
from refunds
inner join fulfilments on refunds.fulfilment_row_id = fulfilments.fulfilment_row_id
inner join order_items on fulfilments.order_item_row_id = order_items.order_item_row_id
inner join orders on order_items.order_row_id = orders.order_row_id
inner join customers on orders.customer_row_id = customers.customer_row_id
inner join skus on order_items.sku_row_id = skus.sku_row_id
left join payouts on refunds.refund_payout_row_id = payouts.refund_payout_row_id
left join payments on payouts.payment_row_id = payments.payment_row_id
