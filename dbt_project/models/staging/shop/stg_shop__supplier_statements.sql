with source as (

    select * from {{ source('shop', 'supplier_statement') }}

),

renamed as (

    select
        id as supplier_statement_row_id,
        channel_id as channel_row_id,
        imported_by as imported_by_row_id,
        cast(public_id as varchar) as supplier_statement_key,
        currency,
        source,
        line_count,
        total_fen,
        from_date,
        to_date,
        imported_at
    from source

)

select * from renamed
