with source as (

    select * from {{ source('shop', 'shipment') }}

),

renamed as (

    select
        id as shipment_row_id,
        order_id as order_row_id,
        customer_id as customer_row_id,
        sent_by as sent_by_row_id,
        cast(public_id as varchar) as shipment_key,
        purpose,
        courier,
        state,
        confirmed_by,
        times_asked,
        sent_at,
        last_event_at,
        signed_at,
        confirmed_at
    from source

)

select * from renamed
