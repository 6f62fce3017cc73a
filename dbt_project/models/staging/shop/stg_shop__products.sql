with source as (

    select * from {{ source('shop', 'product') }}

),

renamed as (

    select
        id as product_row_id,
        category_id as category_row_id,
        cast(public_id as varchar) as product_key,
        slug,
        kind,
        title_zh,
        title_en,
        publish_state,
        published_at,
        _batch as ingest_batch_id
    from source

)

select * from renamed
