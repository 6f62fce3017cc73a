with source as (

    select * from {{ source('shop', 'ad_statement') }}

),

renamed as (

    select
        id as ad_statement_row_id,
        imported_by as imported_by_row_id,
        cast(public_id as varchar) as ad_statement_key,
        platform,
        source,
        line_count,
        total_fen,
        from_date,
        to_date,
        imported_at
    from source

)

select * from renamed
