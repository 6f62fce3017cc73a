with source as (

    select * from {{ source('shop', 'supply_channel') }}

),

renamed as (

    select
        id as channel_row_id,
        supplier_id as supplier_row_id,
        cast(public_id as varchar) as channel_key,
        code,
        name,
        protocol,
        state,
        check_on_order as is_checked_on_order,
        patience_s as patience_seconds,
        pull_every_s as pull_every_seconds,
        breaker,
        breaker_times_opened,
        breaker_until as breaker_until_at,
        created_at
    from source

)

select * from renamed
