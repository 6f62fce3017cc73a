with source as (

    select * from {{ source('shop', 'card_reveal') }}

),

renamed as (

    select
        id as card_reveal_row_id,
        card_id as card_row_id,
        customer_id as customer_row_id,
        revealed_at
    from source

)

select * from renamed
