with source as (

    select * from {{ source('shop', 'invoice') }}

),

renamed as (

    select
        id as invoice_row_id,
        customer_id as customer_row_id,
        decided_by as decided_by_row_id,
        cast(public_id as varchar) as invoice_key,
        state,
        kind,
        amount_fen,
        file_type,
        issued_on as issued_date,
        red_flushed_on as red_flushed_date,
        red_due_at,
        requested_at,
        decided_at
    from source

)

select * from renamed
