with source as (

    select * from {{ source('shop', 'document_line') }}

),

renamed as (

    select
        id as document_line_row_id,
        transaction_id as ledger_transaction_row_id,
        order_item_id as order_item_row_id,
        supplier_id as supplier_row_id,
        channel_id as channel_row_id,
        fulfilment_id as fulfilment_row_id,
        customer_id as customer_row_id,
        cast(public_id as varchar) as document_line_id,
        kind,
        component,
        amount_fen,
        effective_at,
        _batch as ingest_batch_id
    from source

)

select * from renamed
