with source as (

    select * from {{ source('shop', 'order_item') }}

),

renamed as (

    select
        id as order_item_row_id,
        order_id as order_row_id,
        sku_id as sku_row_id,
        bundle_sku_id as bundle_sku_row_id,
        cast(public_id as varchar) as order_item_id,
        line_no,
        quantity,
        gross_fen,
        discount_fen,
        net_fen,
        _batch as ingest_batch_id
    from source

)

select * from renamed
