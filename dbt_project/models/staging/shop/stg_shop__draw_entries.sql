with source as (

    select * from {{ source('shop', 'draw_entry') }}

),

renamed as (

    select
        id as draw_entry_row_id,
        draw_id as draw_row_id,
        customer_id as customer_row_id,
        hold_id as draw_hold_row_id,
        cast(public_id as varchar) as draw_entry_key,
        first_index,
        count as range_entries,
        kind,
        source,
        stake_fen,
        {{ instant_of_epoch('accepted_second') }} as accepted_at
    from source

)

select * from renamed
