select
    method,
    bill_date,
    unexplained_bill_fen,
    unexplained_ledger_fen
from {{ ref('mart_gateway_reconciliation') }}
where unexplained_bill_fen <> 0 or unexplained_ledger_fen <> 0
