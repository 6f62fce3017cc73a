with source as (

    select * from {{ source('shop', 'review_case') }}

),

renamed as (

    select
        id as review_case_row_id,
        resolved_by as resolved_by_row_id,
        cast(public_id as varchar) as review_case_key,
        kind,
        state,
        amount_fen,
        opened_at,
        resolved_at
    from source

)

select * from renamed
