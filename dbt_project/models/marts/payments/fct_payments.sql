with payments as (

    select * from {{ ref('stg_shop__payments') }}

),

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

top_ups as (

    select * from {{ ref('stg_shop__top_ups') }}

),

customers as (

    select * from {{ ref('stg_shop__customers') }}

),

billed as (

    select
        payment_row_id,
        cast(sum(fee_fen) as bigint) as fee_billed_fen,
        cast(sum(fee_difference_fen) as bigint) as fee_difference_fen
    from {{ ref('stg_shop__gateway_bill_lines') }}
    where kind = 'payment'
    group by payment_row_id

),

paid_back as (

    select
        payment_row_id,
        cast(sum(amount_fen) as bigint) as paid_back_fen,
        cast(sum(fee_returned_fen) as bigint) as fee_returned_fen
    from {{ ref('stg_shop__refund_payouts') }}
    where state = 'succeeded'
    group by payment_row_id

),

disputed as (

    select
        payment_row_id,
        cast(sum(amount_fen) as bigint) as charged_back_fen,
        cast(sum(fee_fen) as bigint) as chargeback_fees_fen
    from {{ ref('stg_shop__chargebacks') }}
    group by payment_row_id

)

select
    payments.payment_key,
    case when payments.top_up_row_id is null then 'order' else 'top_up' end as purpose,
    orders.order_id,
    top_ups.top_up_key,
    customers.customer_key,
    payments.method,
    payments.way,
    payments.state,
    payments.is_shared,
    payments.amount_fen,
    -- The bill corrects the fee in the payment itself: the difference leads back to what was estimated.
    payments.fee_fen - coalesce(billed.fee_difference_fen, 0) as fee_estimated_fen,
    billed.fee_billed_fen,
    payments.fee_fen,
    coalesce(paid_back.fee_returned_fen, 0) as fee_returned_fen,
    coalesce(paid_back.paid_back_fen, 0) as paid_back_fen,
    coalesce(disputed.charged_back_fen, 0) as charged_back_fen,
    coalesce(disputed.chargeback_fees_fen, 0) as chargeback_fees_fen,
    payments.created_at,
    payments.paid_at,
    {{ business_date('payments.paid_at') }} as paid_date
from payments
left join orders on payments.order_row_id = orders.order_row_id
left join top_ups on payments.top_up_row_id = top_ups.top_up_row_id
left join customers on coalesce(orders.customer_row_id, top_ups.customer_row_id) = customers.customer_row_id
left join billed on payments.payment_row_id = billed.payment_row_id
left join paid_back on payments.payment_row_id = paid_back.payment_row_id
left join disputed on payments.payment_row_id = disputed.payment_row_id
