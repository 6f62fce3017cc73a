with source as (

    select * from {{ source('shop', 'wallet') }}

),

renamed as (

    select
        customer_id as customer_row_id,
        balance_fen
    from source

)

select * from renamed
