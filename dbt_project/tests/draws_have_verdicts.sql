select
    draw_no,
    draw_key,
    state,
    words
from {{ ref('mart_draw_audit') }}
where verdict is null
