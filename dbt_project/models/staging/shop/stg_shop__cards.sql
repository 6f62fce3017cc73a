with source as (

    select * from {{ source('shop', 'card') }}

),

renamed as (

    select
        id as card_row_id,
        batch_id as card_batch_row_id,
        sku_id as sku_row_id,
        delivered_fulfilment_id as fulfilment_row_id,
        state,
        cost_fen,
        expires_at,
        voided_at
    from source

)

select * from renamed
