with source as (

    select * from {{ source('shop', 'batch_cost_correction') }}

),

renamed as (

    select
        id as batch_cost_correction_row_id,
        batch_id as batch_row_id,
        recorded_by as recorded_by_row_id,
        cast(public_id as varchar) as batch_cost_correction_key,
        difference_fen,
        corrected_at
    from source

)

select * from renamed
