select
    dimension,
    dimension_key,
    attribute,
    attribute_value,
    valid_from_at,
    valid_to_at,
    valid_to_at is null as is_current
from {{ ref('stg_computed__attribute_histories') }}
