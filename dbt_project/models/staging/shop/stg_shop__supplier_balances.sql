with source as (

    select * from {{ source('shop', 'supplier_balance') }}

),

renamed as (

    select
        supplier_id as supplier_row_id,
        prepaid_fen,
        payable_fen,
        their_amount,
        their_amount_at
    from source

)

select * from renamed
