with source as (

    select * from {{ source('shop', 'gateway_settlement') }}

),

renamed as (

    select
        id as gateway_settlement_row_id,
        recorded_by as recorded_by_row_id,
        cast(public_id as varchar) as gateway_settlement_key,
        method,
        bank_reference,
        amount_fen,
        settled_at
    from source

)

select * from renamed
