with source as (

    select * from {{ source('computed', 'customer_value_parameter') }}

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
from source
