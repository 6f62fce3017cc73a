with source as (

    select * from {{ source('shop', 'payment') }}

),

renamed as (

    select
        id as payment_row_id,
        order_id as order_row_id,
        cast(public_id as varchar) as payment_key,
        method,
        state,
        amount_fen,
        fee_fen,
        paid_at
    from source

)

select * from renamed
