with source as (

    select * from {{ source('shop', 'chargeback') }}

),

renamed as (

    select
        id as chargeback_row_id,
        payment_id as payment_row_id,
        recorded_by as recorded_by_row_id,
        cast(public_id as varchar) as chargeback_key,
        gateway_reference,
        amount_fen,
        fee_fen,
        charged_back_at
    from source

)

select * from renamed
