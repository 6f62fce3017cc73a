with source as (

    select * from {{ source('shop', 'shop_profile') }}

),

renamed as (

    select
        id as shop_profile_row_id,
        currency,
        timezone
    from source

)

select * from renamed
