with source as (

    select * from {{ source('shop', 'staff') }}

),

renamed as (

    select
        id as staff_row_id,
        cast(public_id as varchar) as staff_key,
        role,
        disabled_at
    from source

)

select * from renamed
