with source as (

    select * from {{ source('shop', 'draw_winner') }}

),

renamed as (

    select
        id as draw_winner_row_id,
        draw_id as draw_row_id,
        entry_id as draw_entry_row_id,
        customer_id as customer_row_id,
        replaces_id as replaced_draw_winner_row_id,
        delivered_by as delivered_by_row_id,
        shipment_id as shipment_row_id,
        cast(public_id as varchar) as draw_winner_key,
        place,
        entry_index,
        state,
        cost_fen,
        forfeit_reason,
        claim_until as claim_until_at,
        claimed_at,
        delivered_at,
        forfeited_at,
        created_at
    from source

)

select * from renamed
