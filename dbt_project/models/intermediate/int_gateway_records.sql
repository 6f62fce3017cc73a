with payments as (

    select * from {{ ref('stg_shop__payments') }}
    -- Payments without a number of ours came with an imported history: no bill names them.
    where state = 'succeeded'
        and method in ({{ gateway_methods() }})
        and out_trade_no is not null
        and gateway_trade_no is not null

),

receipts as (

    select * from {{ ref('stg_shop__unapplied_receipts') }}
    where method in ({{ gateway_methods() }})

),

payouts as (

    select * from {{ ref('stg_shop__refund_payouts') }}
    where method in ({{ gateway_methods() }})

),

refunds as (

    select * from {{ ref('stg_shop__refunds') }}

),

withdrawal_parts as (

    select * from {{ ref('stg_shop__withdrawal_parts') }}

),

records as (

    select
        payment_key as record_key,
        'payment' as record_kind,
        'payment' as line_kind,
        method,
        gateway_trade_no as match_number,
        out_trade_no as number,
        amount_fen,
        fee_fen,
        paid_at as happened_at,
        true as is_ended,
        true as is_settled
    from payments
    union all
    select
        unapplied_receipt_key as record_key,
        'receipt' as record_kind,
        'payment' as line_kind,
        method,
        gateway_trade_no as match_number,
        out_trade_no as number,
        amount_fen,
        fee_fen,
        received_at as happened_at,
        true as is_ended,
        state = 'returned' as is_settled
    from receipts
    where state <> 'applied'
    union all
    select
        refund_payout_key as record_key,
        'payout' as record_kind,
        'refund' as line_kind,
        method,
        out_refund_no as match_number,
        out_refund_no as number,
        amount_fen,
        -fee_returned_fen as fee_fen,
        coalesce(paid_out_at, requested_at) as happened_at,
        state = 'succeeded' as is_ended,
        true as is_settled
    from payouts

),

-- Under which references each record's money and fee were posted; of some pairs only one exists.
posted_under as (

    select payment_key as record_key, false as is_fee, 'payment:' || cast(payment_row_id as varchar) as reference
    from payments
    union all
    select payment_key as record_key, false as is_fee, 'top-up:' || cast(payment_row_id as varchar) as reference
    from payments
    union all
    select payment_key as record_key, true as is_fee, 'fee:' || cast(payment_row_id as varchar) as reference
    from payments
    union all
    select
        coalesce(payments.payment_key, receipts.unapplied_receipt_key) as record_key,
        false as is_fee,
        'receipt:' || cast(receipts.unapplied_receipt_row_id as varchar) as reference
    from receipts
    left join payments on receipts.payment_row_id = payments.payment_row_id and receipts.state = 'applied'
    union all
    select
        coalesce(payments.payment_key, receipts.unapplied_receipt_key) as record_key,
        true as is_fee,
        'receipt-fee:' || cast(receipts.unapplied_receipt_row_id as varchar) as reference
    from receipts
    left join payments on receipts.payment_row_id = payments.payment_row_id and receipts.state = 'applied'
    union all
    select
        payouts.refund_payout_key as record_key,
        false as is_fee,
        'refund-paid:' || cast(refunds.refund_row_id as varchar) as reference
    from refunds
    inner join payouts on refunds.refund_payout_row_id = payouts.refund_payout_row_id
    union all
    select
        payouts.refund_payout_key as record_key,
        false as is_fee,
        'receipt-returned:' || cast(receipts.unapplied_receipt_row_id as varchar) as reference
    from receipts
    inner join payouts on receipts.payout_row_id = payouts.refund_payout_row_id
    union all
    select
        payouts.refund_payout_key as record_key,
        false as is_fee,
        'withdrawal-paid:' || cast(withdrawal_parts.withdrawal_part_row_id as varchar) as reference
    from withdrawal_parts
    inner join payouts
        on withdrawal_parts.withdrawal_row_id = payouts.withdrawal_row_id
        and withdrawal_parts.payment_row_id = payouts.payment_row_id

),

receivable as (

    select reference, sum(amount_fen) as amount_fen
    from {{ ref('fct_ledger_entries') }}
    where account = 'gateway_receivable'
    group by reference

),

posted as (

    select
        posted_under.record_key,
        sum(case when posted_under.is_fee then 0 else receivable.amount_fen end) as amount_fen,
        sum(case when posted_under.is_fee then -receivable.amount_fen else 0 end) as fee_fen
    from posted_under
    inner join receivable on posted_under.reference = receivable.reference
    group by posted_under.record_key

)

select
    records.record_key,
    records.record_kind,
    records.line_kind,
    records.method,
    records.match_number,
    records.number,
    records.amount_fen,
    records.fee_fen,
    cast(
        coalesce(case when records.line_kind = 'payment' then posted.amount_fen else -posted.amount_fen end, 0)
        as bigint
    ) as ledger_amount_fen,
    cast(coalesce(posted.fee_fen, 0) as bigint) as ledger_fee_fen,
    records.happened_at,
    {{ gateway_date('records.happened_at') }} as gateway_date,
    records.is_ended,
    records.is_settled
from records
left join posted on records.record_key = posted.record_key
