with source as (

    select * from {{ source('computed', 'attribute_history') }}

),

renamed as (

    select
        dimension,
        dimension_key,
        attribute,
        attribute_value,
        valid_from_at,
        valid_to_at,
        computed_at
    from source

)

select * from renamed
