with source as (

    select * from {{ source('shop', 'card_batch') }}

),

renamed as (

    select
        id as card_batch_row_id,
        sku_id as sku_row_id,
        supplier_id as supplier_row_id,
        imported_by as imported_by_row_id,
        cast(public_id as varchar) as card_batch_key,
        supplier_name,
        card_count,
        total_cost_fen,
        imported_at,
        expires_at
    from source

)

select * from renamed
