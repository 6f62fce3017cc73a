with source as (

    select * from {{ source('computed', 'draw_uniformity') }}

),

renamed as (

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
    from source

)

select * from renamed
