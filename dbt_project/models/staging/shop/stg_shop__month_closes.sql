with source as (

    select * from {{ source('shop', 'month_close') }}

),

renamed as (

    select
        id as month_close_row_id,
        closed_by as closed_by_row_id,
        cast(public_id as varchar) as month_close_key,
        month as closed_month,
        closed_at
    from source

)

select * from renamed
