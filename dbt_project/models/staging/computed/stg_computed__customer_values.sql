with source as (

    select * from {{ source('computed', 'customer_value') }}

),

-- The models' literature says recency for the time from the first occasion to the last; people say it for the time
-- since the last. Here it has another name.
renamed as (

    select
        customer_key,
        frequency as repeat_occasions,
        recency_days as first_to_last_days,
        age_days,
        valued_occasions,
        p_alive,
        expected_occasions_30_days,
        expected_occasions_90_days,
        expected_occasions_365_days,
        expected_net_sales_per_occasion_fen,
        expected_net_sales_365_days_fen,
        expected_cm2_365_days_fen,
        as_of_date,
        computed_at
    from source

)

select * from renamed
