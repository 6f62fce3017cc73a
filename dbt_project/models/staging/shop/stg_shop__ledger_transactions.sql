with source as (

    select * from {{ source('shop', 'ledger_transaction') }}

),

renamed as (

    select
        id as ledger_transaction_row_id,
        order_id as order_row_id,
        cast(public_id as varchar) as transaction_key,
        reference,
        event,
        effective_at,
        ledger_date
    from source

)

select * from renamed
