with source as (

    select * from {{ source('shop', 'purchase') }}

),

renamed as (

    select
        id as purchase_row_id,
        fulfilment_id as fulfilment_row_id,
        after_purchase_id as after_purchase_row_id,
        decision_id as routing_decision_row_id,
        channel_id as channel_row_id,
        offer_id as offer_row_id,
        cast(public_id as varchar) as purchase_key,
        attempt_no,
        request_no,
        state,
        quantity,
        unit_cost,
        currency,
        exchange_rate,
        cost_fen,
        prepaid as is_prepaid,
        supplier_ref,
        outcome_code,
        times_asked,
        submitted_at,
        ended_at,
        created_at,
        _batch as ingest_batch_id
    from source

)

select * from renamed
