with source as (

    select * from {{ source('shop', 'aftersales_case') }}

),

renamed as (

    select
        id as aftersales_case_row_id,
        customer_id as customer_row_id,
        order_id as order_row_id,
        taken_by as taken_by_row_id,
        cast(public_id as varchar) as aftersales_case_key,
        reason,
        state,
        revision,
        opened_at,
        due_at,
        closed_at
    from source

)

select * from renamed
