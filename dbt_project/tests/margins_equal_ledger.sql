with margins as (

    select
        ledger_date,
        sum(profit_fen) as profit_fen
    from {{ ref('fct_margin_lines') }}
    group by ledger_date

),

ledger as (

    select
        ledger_date,
        -sum(amount_fen) as profit_fen
    from {{ ref('fct_ledger_entries') }}
    where account_kind in ('income', 'expense')
    group by ledger_date

)

select
    coalesce(margins.ledger_date, ledger.ledger_date) as ledger_date,
    margins.profit_fen as margins_profit_fen,
    ledger.profit_fen as ledger_profit_fen
from margins
full outer join ledger on margins.ledger_date = ledger.ledger_date
where coalesce(margins.profit_fen, 0) <> coalesce(ledger.profit_fen, 0)
