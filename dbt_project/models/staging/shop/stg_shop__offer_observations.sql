with source as (

    select * from {{ source('shop', 'offer_observation') }}

),

renamed as (

    select
        id as offer_observation_row_id,
        offer_id as offer_row_id,
        recorded_by as recorded_by_row_id,
        source,
        unit_cost,
        currency,
        stock as stock_units,
        state,
        state_reason,
        price_version,
        observed_at
    from source

)

select * from renamed
