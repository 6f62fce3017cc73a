with source as (

    select * from {{ source('shop', 'supplier') }}

),

renamed as (

    select
        id as supplier_row_id,
        cast(public_id as varchar) as supplier_key,
        name,
        currency,
        terms,
        low_balance_fen,
        ended_at,
        created_at
    from source

)

select * from renamed
