with source as (

    select * from {{ source('shop', 'draw_chance') }}

),

renamed as (

    select
        id as draw_chance_row_id,
        customer_id as customer_row_id,
        draw_id as draw_row_id,
        cast(public_id as varchar) as draw_chance_key,
        source,
        reference,
        granted as granted_entries,
        used as used_entries,
        expires_at,
        created_at
    from source

)

select * from renamed
