with source as (

    select * from {{ source('shop', 'payment') }}

),

renamed as (

    select
        id as payment_row_id,
        order_id as order_row_id,
        top_up_id as top_up_row_id,
        cast(public_id as varchar) as payment_key,
        method,
        way,
        state,
        out_trade_no,
        gateway_trade_no,
        amount_fen,
        fee_fen,
        shares_profit as is_shared,
        created_at,
        paid_at
    from source

)

select * from renamed
