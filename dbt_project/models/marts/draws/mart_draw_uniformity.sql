with tests as (

    select * from {{ ref('stg_computed__draw_uniformity_tests') }}

)

select
    scope,
    test,
    n_draws,
    n_picks,
    observed_house_picks,
    expected_house_picks,
    chi_square,
    degrees_of_freedom,
    p_value,
    computed_at
from tests
