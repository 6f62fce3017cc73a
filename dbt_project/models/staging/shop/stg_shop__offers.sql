with source as (

    select * from {{ source('shop', 'offer') }}

),

renamed as (

    select
        id as offer_row_id,
        channel_id as channel_row_id,
        sku_id as sku_row_id,
        cast(public_id as varchar) as offer_key,
        supplier_sku,
        supplier_name,
        unit_cost,
        currency,
        stock as stock_units,
        state,
        state_reason,
        price_version,
        observed_at,
        created_at
    from source

)

select * from renamed
