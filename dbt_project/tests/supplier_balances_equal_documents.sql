-- The ledger's entries of each supplier on one side; purchases, payments, claims and the kept balance on the other.
with ledger as (

    select
        supplier_key,
        sum(paid_fen) as paid_fen,
        sum(purchased_fen - returned_fen) as purchased_fen,
        sum(credited_fen) as credited_fen,
        sum(
            paid_fen - purchased_fen + returned_fen + credited_fen - differences_accepted_fen - exchange_losses_fen
            + other_fen
        ) as balance_fen
    from {{ ref('mart_supplier_balances_daily') }}
    group by supplier_key

),

purchased as (

    select
        supplier_key,
        sum(case when state in ('failed', 'late_failed') then 0 else cost_fen end) as purchased_fen,
        sum(credited_fen) as credited_fen
    from {{ ref('fct_supplier_purchases') }}
    group by supplier_key

),

paid as (

    select
        supplier_row_id,
        sum(amount_fen) as paid_fen
    from {{ ref('stg_shop__supplier_payments') }}
    group by supplier_row_id

),

documents as (

    select
        suppliers.supplier_key,
        coalesce(paid.paid_fen, 0) as paid_fen,
        coalesce(purchased.purchased_fen, 0) as purchased_fen,
        coalesce(purchased.credited_fen, 0) as credited_fen,
        coalesce(balances.prepaid_fen, 0) - coalesce(balances.payable_fen, 0) as balance_fen
    from {{ ref('stg_shop__suppliers') }} as suppliers
    left join paid on suppliers.supplier_row_id = paid.supplier_row_id
    left join purchased on suppliers.supplier_key = purchased.supplier_key
    left join {{ ref('stg_shop__supplier_balances') }} as balances
        on suppliers.supplier_row_id = balances.supplier_row_id

)

select
    documents.supplier_key,
    documents.paid_fen,
    ledger.paid_fen as ledger_paid_fen,
    documents.purchased_fen,
    ledger.purchased_fen as ledger_purchased_fen,
    documents.credited_fen,
    ledger.credited_fen as ledger_credited_fen,
    documents.balance_fen,
    ledger.balance_fen as ledger_balance_fen
from documents
left join ledger on documents.supplier_key = ledger.supplier_key
where
    documents.paid_fen <> coalesce(ledger.paid_fen, 0)
    or documents.purchased_fen <> coalesce(ledger.purchased_fen, 0)
    or documents.credited_fen <> coalesce(ledger.credited_fen, 0)
    or documents.balance_fen <> coalesce(ledger.balance_fen, 0)
