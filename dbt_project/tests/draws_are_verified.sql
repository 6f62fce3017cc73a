{{ config(severity='warn') }}

select
    draw_no,
    verdict,
    words,
    books_differ
from {{ ref('mart_draw_audit') }}
where standing = 'red'
