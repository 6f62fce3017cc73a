with source as (

    select * from {{ source('shop', 'category') }}

),

renamed as (

    select
        id as category_row_id,
        cast(public_id as varchar) as category_key,
        slug,
        name_zh,
        name_en,
        position as display_position,
        _batch as ingest_batch_id
    from source

)

select * from renamed
