with source as (

    select * from {{ source('shop', 'legal_opinion') }}

),

renamed as (

    select
        id as legal_opinion_row_id,
        recorded_by as recorded_by_row_id,
        cast(public_id as varchar) as legal_opinion_key,
        profile,
        mode,
        given_on as given_at,
        valid_until as valid_until_at,
        created_at
    from source

)

select * from renamed
