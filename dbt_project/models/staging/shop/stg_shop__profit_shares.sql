with source as (

    select * from {{ source('shop', 'profit_share') }}

),

renamed as (

    select
        id as profit_share_row_id,
        payment_id as payment_row_id,
        returned_share_id as returned_share_row_id,
        cast(public_id as varchar) as profit_share_key,
        kind,
        state,
        out_order_no,
        not_before,
        gateway_share_no,
        times_asked,
        amount_fen,
        settled_at,
        ask_at
    from source

)

select * from renamed
