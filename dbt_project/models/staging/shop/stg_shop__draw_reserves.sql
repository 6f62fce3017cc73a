with source as (

    select * from {{ source('shop', 'draw_reserve') }}

),

renamed as (

    select
        id as draw_reserve_row_id,
        draw_id as draw_row_id,
        place,
        entry_index,
        created_at
    from source

)

select * from renamed
