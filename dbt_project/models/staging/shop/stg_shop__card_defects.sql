with source as (

    select * from {{ source('shop', 'card_defect') }}

),

renamed as (

    select
        id as card_defect_row_id,
        card_id as card_row_id,
        batch_id as batch_row_id,
        fulfilment_id as fulfilment_row_id,
        replacement_card_id as replacement_card_row_id,
        reported_by as reported_by_row_id,
        cast(public_id as varchar) as card_defect_key,
        cost_fen,
        reported_at
    from source

)

select * from renamed
