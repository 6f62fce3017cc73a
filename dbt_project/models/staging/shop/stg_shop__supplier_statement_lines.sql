with source as (

    select * from {{ source('shop', 'supplier_statement_line') }}

),

renamed as (

    select
        id as supplier_statement_line_row_id,
        statement_id as supplier_statement_row_id,
        purchase_id as purchase_row_id,
        case_id as review_case_row_id,
        cast(public_id as varchar) as supplier_statement_line_key,
        line_no,
        kind,
        request_no,
        supplier_ref,
        amount,
        theirs_fen,
        ours_fen,
        difference_fen,
        verdict,
        happened_at
    from source

)

select * from renamed
