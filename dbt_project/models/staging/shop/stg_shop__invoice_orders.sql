with source as (

    select * from {{ source('shop', 'invoice_order') }}

),

renamed as (

    select
        id as invoice_order_row_id,
        invoice_id as invoice_row_id,
        order_id as order_row_id,
        amount_fen,
        is_live
    from source

)

select * from renamed
