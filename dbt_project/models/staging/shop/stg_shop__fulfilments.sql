with source as (

    select * from {{ source('shop', 'fulfilment') }}

),

renamed as (

    select
        id as fulfilment_row_id,
        order_item_id as order_item_row_id,
        unit_no,
        quantity,
        state,
        gross_fen,
        discount_fen,
        cost_fen,
        delivered_at
    from source

)

select * from renamed
