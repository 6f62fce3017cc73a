with parameters as (

    select * from {{ ref('stg_computed__customer_value_parameters') }}

)

select
    model,
    parameter,
    unit,
    estimate,
    standard_error,
    estimate_lo,
    estimate_hi,
    as_of_date,
    computed_at
from parameters
