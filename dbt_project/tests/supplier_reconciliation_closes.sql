select
    supplier_statement_key,
    channel_code,
    from_date,
    missing_lines,
    unexplained_fen
from {{ ref('mart_supplier_reconciliation') }}
where missing_lines <> 0 or unexplained_fen <> 0
