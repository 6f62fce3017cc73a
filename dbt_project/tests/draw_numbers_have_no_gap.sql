select
    draw_no,
    missing_draws_before
from {{ ref('mart_draw_audit') }}
where missing_draws_before <> 0
