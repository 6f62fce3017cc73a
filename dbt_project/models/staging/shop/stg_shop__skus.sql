with source as (

    select * from {{ source('shop', 'sku') }}

),

renamed as (

    select
        id as sku_row_id,
        product_id as product_row_id,
        cast(public_id as varchar) as sku_key,
        code,
        name_zh,
        name_en,
        duration_days,
        publish_state,
        _batch as ingest_batch_id
    from source

)

select * from renamed
