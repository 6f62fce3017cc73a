with source as (

    select * from {{ source('shop', 'shipment_item') }}

),

renamed as (

    select
        id as shipment_item_row_id,
        shipment_id as shipment_row_id,
        fulfilment_id as fulfilment_row_id
    from source

)

select * from renamed
