with source as (

    select * from {{ source('shop', 'aftersales_decision') }}

),

renamed as (

    select
        id as aftersales_decision_row_id,
        resolution_id as aftersales_resolution_row_id,
        case_unit_id as aftersales_case_unit_row_id,
        amount_fen
    from source

)

select * from renamed
