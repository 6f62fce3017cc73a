with source as (

    select * from {{ source('shop', 'entitlement') }}

),

renamed as (

    select
        id as entitlement_row_id,
        fulfilment_id as fulfilment_row_id,
        order_id as order_row_id,
        customer_id as customer_row_id,
        sku_id as sku_row_id,
        product_id as product_row_id,
        card_id as card_row_id,
        cast(public_id as varchar) as entitlement_key,
        kind,
        state,
        replaced_at,
        revealed_at,
        activated_at,
        used_at,
        expires_at
    from source

)

select * from renamed
