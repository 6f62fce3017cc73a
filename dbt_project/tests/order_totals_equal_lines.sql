with line_totals as (

    select
        order_row_id,
        sum(gross_fen) as gross_fen,
        sum(discount_fen) as discount_fen
    from {{ ref('stg_shop__order_items') }}
    group by order_row_id

)

select
    orders.order_id,
    orders.gross_fen,
    line_totals.gross_fen as lines_gross_fen,
    orders.discount_fen,
    line_totals.discount_fen as lines_discount_fen
from {{ ref('stg_shop__orders') }} as orders
left join line_totals on orders.order_row_id = line_totals.order_row_id
where orders.gross_fen <> coalesce(line_totals.gross_fen, 0)
    or orders.discount_fen <> coalesce(line_totals.discount_fen, 0)
