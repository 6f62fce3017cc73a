with source as (

    select * from {{ source('shop', 'exchange_rate') }}

),

renamed as (

    select
        id as exchange_rate_row_id,
        recorded_by as recorded_by_row_id,
        currency,
        rate,
        source,
        rate_date,
        created_at
    from source

)

select * from renamed
