with source as (

    select * from {{ source('shop', 'fulfilment') }}

),

renamed as (

    select
        id as fulfilment_row_id,
        order_item_id as order_item_row_id,
        delivered_by as delivered_by_row_id,
        cast(public_id as varchar) as fulfilment_key,
        unit_no,
        quantity,
        state,
        waits_for,
        gross_fen,
        discount_fen,
        cost_fen,
        delivered_at,
        _batch as ingest_batch_id
    from source

)

select * from renamed
