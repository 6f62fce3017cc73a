with source as (

    select * from {{ source('shop', 'staff_act') }}

),

renamed as (

    select
        id as staff_act_row_id,
        staff_id as staff_row_id,
        cast(public_id as varchar) as staff_act_key,
        act,
        happened_at
    from source

)

select * from renamed
