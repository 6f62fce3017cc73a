select
    transaction_key,
    sum(amount_fen) as difference_fen
from {{ ref('fct_ledger_entries') }}
group by transaction_key
having sum(amount_fen) <> 0
