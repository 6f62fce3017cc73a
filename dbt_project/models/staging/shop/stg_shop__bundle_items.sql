with source as (

    select * from {{ source('shop', 'bundle_item') }}

),

renamed as (

    select
        id as bundle_item_row_id,
        bundle_sku_id as bundle_sku_row_id,
        part_sku_id as part_sku_row_id,
        position,
        quantity,
        removed_at
    from source

)

select * from renamed
