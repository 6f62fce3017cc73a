with source as (

    select * from {{ source('shop', 'external_call') }}

),

renamed as (

    select
        id as external_call_row_id,
        cast(public_id as varchar) as external_call_key,
        target,
        operation,
        reference,
        outcome,
        http_status,
        started_at,
        ended_at
    from source

)

select * from renamed
