with source as (

    select * from {{ source('shop', 'purchase_event') }}

),

renamed as (

    select
        id as purchase_event_row_id,
        purchase_id as purchase_row_id,
        kind,
        from_state,
        to_state,
        happened_at
    from source

)

select * from renamed
