with source as (

    select * from {{ source('shop', 'ledger_entry') }}

),

renamed as (

    select
        id as ledger_entry_id,
        transaction_id as ledger_transaction_row_id,
        customer_id as customer_row_id,
        order_item_id as order_item_row_id,
        supplier_id as supplier_row_id,
        channel_id as channel_row_id,
        account,
        amount_fen,
        _batch as ingest_batch_id
    from source

)

select * from renamed
