with source as (

    select * from {{ source('shop', 'customer') }}

),

renamed as (

    select
        id as customer_row_id,
        cast(public_id as varchar) as customer_key,
        acquisition_channel,
        source,
        language,
        country,
        registered_at,
        erased_at,
        _batch as ingest_batch_id
    from source

)

select * from renamed
