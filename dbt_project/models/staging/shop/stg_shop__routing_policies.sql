with source as (

    select * from {{ source('shop', 'routing_policy') }}

),

renamed as (

    select
        id as routing_policy_row_id,
        sku_id as sku_row_id,
        pinned_channel_id as pinned_channel_row_id,
        made_by as made_by_row_id,
        cast(public_id as varchar) as routing_policy_key,
        floor_margin_fen,
        floor_margin_per_myriad,
        max_unit_cost_fen,
        windows,
        explore_per_myriad,
        at_loss,
        follows_shop,
        created_at
    from source

)

select * from renamed
