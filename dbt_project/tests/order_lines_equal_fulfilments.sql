with fulfilled as (

    select
        order_item_row_id,
        sum(gross_fen) as gross_fen,
        sum(discount_fen) as discount_fen,
        sum(quantity) as quantity
    from {{ ref('stg_shop__fulfilments') }}
    group by order_item_row_id

)

select
    order_items.order_item_id,
    order_items.gross_fen,
    fulfilled.gross_fen as fulfilled_gross_fen,
    order_items.discount_fen,
    fulfilled.discount_fen as fulfilled_discount_fen
from {{ ref('stg_shop__order_items') }} as order_items
inner join fulfilled on order_items.order_item_row_id = fulfilled.order_item_row_id
where order_items.gross_fen <> fulfilled.gross_fen
    or order_items.discount_fen <> fulfilled.discount_fen
    or order_items.quantity <> fulfilled.quantity
