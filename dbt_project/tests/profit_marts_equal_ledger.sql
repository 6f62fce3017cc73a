select
    'mart_profit_daily' as mart,
    ledger_date,
    cm3_fen,
    ledger_profit_fen
from {{ ref('mart_profit_daily') }}
where cm3_fen <> ledger_profit_fen
union all
select
    'mart_profit_product_daily' as mart,
    ledger_date,
    cm3_fen,
    ledger_profit_fen
from {{ ref('mart_profit_product_daily') }}
where cm3_fen <> ledger_profit_fen
