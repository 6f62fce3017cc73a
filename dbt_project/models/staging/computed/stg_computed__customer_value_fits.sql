with source as (

    select * from {{ source('computed', 'customer_value_fit') }}

)

select
    model,
    is_fitted,
    reason,
    n_customers,
    n_repeat_customers,
    log_likelihood,
    n_starts,
    n_starts_agreeing,
    holdout_days,
    n_holdout_customers,
    holdout_expected_occasions,
    holdout_actual_occasions,
    frequency_value_correlation,
    cm2_share,
    as_of_date,
    computed_at
from source
