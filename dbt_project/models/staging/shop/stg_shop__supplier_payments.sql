with source as (

    select * from {{ source('shop', 'supplier_payment') }}

),

renamed as (

    select
        id as supplier_payment_row_id,
        supplier_id as supplier_row_id,
        recorded_by as recorded_by_row_id,
        cast(public_id as varchar) as supplier_payment_key,
        kind,
        reference,
        amount,
        currency,
        amount_fen,
        loss_fen,
        paid_at
    from source

)

select * from renamed
