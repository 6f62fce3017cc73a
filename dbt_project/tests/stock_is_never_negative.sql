with moves as (

    select
        sku_key,
        moved_at,
        sum(quantity_units) as quantity_units
    from {{ ref('fct_card_movements') }}
    where quantity_units <> 0
    group by sku_key, moved_at

),

stock as (

    select
        sku_key,
        moved_at,
        sum(quantity_units) over (partition by sku_key order by moved_at) as stock_units
    from moves

)

select
    sku_key,
    moved_at,
    stock_units
from stock
where stock_units < 0
