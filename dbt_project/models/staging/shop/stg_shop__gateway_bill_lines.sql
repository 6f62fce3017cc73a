with source as (

    select * from {{ source('shop', 'gateway_bill_line') }}

),

renamed as (

    select
        id as gateway_bill_line_row_id,
        bill_id as bill_row_id,
        payment_id as payment_row_id,
        payout_id as payout_row_id,
        cast(public_id as varchar) as gateway_bill_line_key,
        line_no,
        kind,
        out_trade_no,
        gateway_trade_no,
        out_refund_no,
        verdict,
        amount_fen,
        fee_fen,
        fee_difference_fen,
        happened_at
    from source

)

select * from renamed
