with source as (

    select * from {{ source('shop', 'routing_decision') }}

),

renamed as (

    select
        id as routing_decision_row_id,
        sku_id as sku_row_id,
        fulfilment_id as fulfilment_row_id,
        policy_id as routing_policy_row_id,
        channel_id as channel_row_id,
        offer_id as offer_row_id,
        decided_by as decided_by_row_id,
        cast(public_id as varchar) as routing_decision_key,
        stage,
        algorithm,
        inputs,
        candidates,
        outcome,
        reason,
        reason_values,
        decided_at
    from source

)

select * from renamed
