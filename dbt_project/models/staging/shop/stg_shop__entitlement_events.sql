with source as (

    select * from {{ source('shop', 'entitlement_event') }}

),

renamed as (

    select
        id as entitlement_event_row_id,
        entitlement_id as entitlement_row_id,
        from_state,
        to_state,
        cause,
        happened_at
    from source

)

select * from renamed
