with source as (

    select * from {{ source('shop', 'unapplied_receipt') }}

),

renamed as (

    select
        id as unapplied_receipt_row_id,
        payment_id as payment_row_id,
        payout_id as payout_row_id,
        cast(public_id as varchar) as unapplied_receipt_key,
        method,
        state,
        found_by,
        out_trade_no,
        gateway_trade_no,
        amount_fen,
        fee_fen,
        received_at
    from source

)

select * from renamed
