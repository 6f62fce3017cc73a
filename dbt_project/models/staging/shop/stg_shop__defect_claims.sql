with source as (

    select * from {{ source('shop', 'defect_claim') }}

),

renamed as (

    select
        id as defect_claim_row_id,
        supplier_id as supplier_row_id,
        channel_id as channel_row_id,
        purchase_id as purchase_row_id,
        card_defect_id as card_defect_row_id,
        fulfilment_id as fulfilment_row_id,
        case_id as aftersales_case_row_id,
        opened_by as opened_by_row_id,
        cast(public_id as varchar) as defect_claim_key,
        state,
        claimed_fen,
        credited_fen,
        supplier_reference,
        opened_at,
        sent_at,
        ended_at
    from source

)

select * from renamed
