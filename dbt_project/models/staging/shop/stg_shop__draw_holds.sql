with source as (

    select * from {{ source('shop', 'draw_hold') }}

),

renamed as (

    select
        id as draw_hold_row_id,
        draw_id as draw_row_id,
        customer_id as customer_row_id,
        cast(public_id as varchar) as draw_hold_key,
        count as held_entries,
        state,
        until as held_until_at,
        created_at
    from source

)

select * from renamed
