with source as (

    select * from {{ source('shop', 'draw') }}

),

renamed as (

    select
        id as draw_row_id,
        created_by as created_by_row_id,
        opened_by as opened_by_row_id,
        cast(public_id as varchar) as draw_key,
        number as draw_no,
        state,
        title_zh,
        title_en,
        mode,
        profile,
        prize_item,
        prize_name,
        prize_value_fen,
        prize_kind,
        price_fen,
        pack_count as pack_entries,
        pack_price_count as pack_priced_entries,
        capacity as capacity_entries,
        most_each as most_entries_each,
        winners as winner_places,
        reserves as reserve_places,
        delay_s as delay_seconds,
        chain_hash,
        claim_days,
        next_index as accepted_entries,
        free_count as free_entries,
        paid_count as paid_entries,
        house_count as house_entries,
        round_no,
        void_reason,
        closes_at,
        {{ instant_of_epoch('last_second') }} as last_accepted_at,
        opened_at,
        closed_at,
        committed_at,
        round_at,
        decided_at,
        returned_at,
        voided_at,
        settled_at,
        created_at
    from source

)

select * from renamed
