with source as (

    select * from {{ source('shop', 'mode_switch') }}

),

renamed as (

    select
        id as mode_switch_row_id,
        opinion_id as legal_opinion_row_id,
        asked_by as asked_by_row_id,
        confirmed_by as confirmed_by_row_id,
        cast(public_id as varchar) as mode_switch_key,
        mode,
        profile,
        is_on,
        confirmed_at,
        withdrawn_at,
        created_at
    from source

)

select * from renamed
