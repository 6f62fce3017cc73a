with source as (

    select * from {{ source('shop', 'aftersales_case_unit') }}

),

renamed as (

    select
        id as aftersales_case_unit_row_id,
        case_id as aftersales_case_row_id,
        fulfilment_id as fulfilment_row_id,
        is_open
    from source

)

select * from renamed
