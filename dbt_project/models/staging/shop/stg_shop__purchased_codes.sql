with source as (

    select * from {{ source('shop', 'purchased_code') }}

),

renamed as (

    select
        id as purchased_code_row_id,
        purchase_id as purchase_row_id,
        card_id as card_row_id,
        expires_at,
        created_at
    from source

)

select * from renamed
