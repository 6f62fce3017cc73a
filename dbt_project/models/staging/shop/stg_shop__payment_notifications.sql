with source as (

    select * from {{ source('shop', 'payment_notification') }}

),

renamed as (

    select
        id as payment_notification_row_id,
        payment_id as payment_row_id,
        payout_id as payout_row_id,
        cast(public_id as varchar) as payment_notification_key,
        method,
        verdict,
        kind,
        out_trade_no,
        gateway_event_id,
        amount_fen,
        received_at
    from source

)

select * from renamed
