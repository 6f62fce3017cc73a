with source as (

    select * from {{ source('shop', 'price') }}

),

renamed as (

    select
        id as price_row_id,
        sku_id as sku_row_id,
        list_price_fen,
        valid_from as valid_from_at
    from source

)

select * from renamed
