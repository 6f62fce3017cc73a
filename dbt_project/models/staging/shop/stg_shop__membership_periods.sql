with source as (

    select * from {{ source('shop', 'membership_period') }}

),

renamed as (

    select
        id as membership_period_row_id,
        fulfilment_id as fulfilment_row_id,
        customer_id as customer_row_id,
        cast(public_id as varchar) as membership_period_key,
        days,
        net_fen,
        released_fen,
        starts_at,
        ended_at
    from source

)

select * from renamed
