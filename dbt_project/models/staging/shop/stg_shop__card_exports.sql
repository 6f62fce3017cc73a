with source as (

    select * from {{ source('shop', 'card_export') }}

),

renamed as (

    select
        id as card_export_row_id,
        batch_id as batch_row_id,
        exported_by as exported_by_row_id,
        cast(public_id as varchar) as card_export_key,
        card_count,
        exported_at
    from source

)

select * from renamed
