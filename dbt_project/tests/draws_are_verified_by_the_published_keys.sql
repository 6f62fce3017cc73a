{{ config(severity='warn') }}

select
    draw_no,
    policy_sha256
from {{ ref('mart_draw_audit') }}
where not is_policy_published
