with source as (

    select * from {{ source('shop', 'order_event') }}

),

renamed as (

    select
        id as order_event_row_id,
        order_id as order_row_id,
        kind,
        happened_at
    from source

)

select * from renamed
