select
    staff_key,
    role,
    disabled_at is null as is_active,
    disabled_at
from {{ ref('stg_shop__staff_members') }}
