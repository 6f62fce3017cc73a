with source as (

    select * from {{ source('shop', 'refund') }}

),

renamed as (

    select
        id as refund_row_id,
        fulfilment_id as fulfilment_row_id,
        payout_id as refund_payout_row_id,
        cast(public_id as varchar) as refund_key,
        method,
        state,
        earned as is_earned,
        amount_fen,
        refunded_at
    from source

)

select * from renamed
