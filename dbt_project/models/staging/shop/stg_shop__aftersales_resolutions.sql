with source as (

    select * from {{ source('shop', 'aftersales_resolution') }}

),

renamed as (

    select
        id as aftersales_resolution_row_id,
        case_id as aftersales_case_row_id,
        staff_id as staff_row_id,
        cast(public_id as varchar) as aftersales_resolution_key,
        kind,
        amount_fen,
        decided_at
    from source

)

select * from renamed
