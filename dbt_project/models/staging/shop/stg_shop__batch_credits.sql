with source as (

    select * from {{ source('shop', 'batch_credit') }}

),

renamed as (

    select
        id as batch_credit_row_id,
        batch_id as batch_row_id,
        recorded_by as recorded_by_row_id,
        cast(public_id as varchar) as batch_credit_key,
        amount_fen,
        credited_at
    from source

)

select * from renamed
