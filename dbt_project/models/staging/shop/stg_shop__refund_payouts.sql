with source as (

    select * from {{ source('shop', 'refund_payout') }}

),

renamed as (

    select
        id as refund_payout_row_id,
        payment_id as payment_row_id,
        withdrawal_id as withdrawal_row_id,
        cast(public_id as varchar) as refund_payout_key,
        method,
        state,
        out_refund_no,
        gateway_refund_no,
        times_asked,
        amount_fen,
        fee_returned_fen,
        requested_at,
        paid_out_at,
        ask_at
    from source

)

select * from renamed
