with source as (

    select * from {{ source('shop', 'gateway_bill') }}

),

renamed as (

    select
        id as gateway_bill_row_id,
        cast(public_id as varchar) as gateway_bill_key,
        method,
        line_count,
        paid_fen,
        refunded_fen,
        fee_fen,
        difference_count,
        bill_date,
        fetched_at
    from source

)

select * from renamed
