with source as (

    select * from {{ source('shop', 'orders') }}

),

renamed as (

    select
        id as order_row_id,
        customer_id as customer_row_id,
        import_id as order_import_row_id,
        cast(public_id as varchar) as order_id,
        order_no,
        source,
        state,
        gross_fen,
        discount_fen,
        net_fen,
        ordered_at,
        paid_at,
        delivered_at,
        cancelled_at,
        completed_at,
        _batch as ingest_batch_id
    from source

)

select * from renamed
