with source as (

    select * from {{ source('shop', 'stake_end') }}

),

renamed as (

    select
        id as stake_end_row_id,
        entry_id as draw_entry_row_id,
        order_id as order_row_id,
        outcome,
        amount_fen,
        created_at
    from source

)

select * from renamed
