with source as (

    select * from {{ source('shop', 'top_up') }}

),

renamed as (

    select
        id as top_up_row_id,
        customer_id as customer_row_id,
        cast(public_id as varchar) as top_up_key,
        state,
        amount_fen,
        largest_balance_fen,
        pay_by,
        paid_at
    from source

)

select * from renamed
