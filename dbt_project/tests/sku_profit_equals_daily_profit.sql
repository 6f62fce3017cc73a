with skus as (

    select
        ledger_date,
        sum(cm3_fen) as cm3_fen,
        sum(delivered_units) as delivered_units
    from {{ ref('mart_profit_sku_daily') }}
    group by ledger_date

)

select
    coalesce(skus.ledger_date, days.ledger_date) as ledger_date,
    skus.cm3_fen as skus_cm3_fen,
    days.cm3_fen
from skus
full outer join {{ ref('mart_profit_daily') }} as days on skus.ledger_date = days.ledger_date
where coalesce(skus.cm3_fen, 0) <> coalesce(days.cm3_fen, 0)
    or coalesce(skus.delivered_units, 0) <> coalesce(days.delivered_units, 0)
