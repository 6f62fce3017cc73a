with entries as (

    select * from {{ ref('stg_shop__ledger_entries') }}
    where account in ('supplier_prepaid', 'supplier_payable') and supplier_row_id is not null

),

transactions as (

    select * from {{ ref('stg_shop__ledger_transactions') }}

),

suppliers as (

    select * from {{ ref('stg_shop__suppliers') }}

),

days as (

    select
        suppliers.supplier_key,
        suppliers.name as supplier_name,
        transactions.ledger_date,
        sum(case when transactions.event in ('prepaid_topped_up', 'statement_paid') then entries.amount_fen else 0 end)
            as paid_fen,
        -sum(
            case
                when transactions.event in ('purchase_submitted', 'purchase_cost_settled') then entries.amount_fen
                else 0
            end
        ) as purchased_fen,
        sum(
            case
                when transactions.event in ('purchase_failed', 'purchase_late_failed') then entries.amount_fen else 0
            end
        ) as returned_fen,
        sum(case when transactions.event = 'purchase_credited' then entries.amount_fen else 0 end) as credited_fen,
        -sum(case when transactions.event = 'statement_difference_accepted' then entries.amount_fen else 0 end)
            as differences_accepted_fen,
        -sum(case when transactions.event = 'exchange_difference' then entries.amount_fen else 0 end)
            as exchange_losses_fen,
        sum(case when entries.account = 'supplier_prepaid' then entries.amount_fen else 0 end) as prepaid_change_fen,
        sum(entries.amount_fen) as change_fen
    from entries
    inner join transactions on entries.ledger_transaction_row_id = transactions.ledger_transaction_row_id
    inner join suppliers on entries.supplier_row_id = suppliers.supplier_row_id
    group by suppliers.supplier_key, suppliers.name, transactions.ledger_date

),

running as (

    select
        *,
        sum(change_fen) over (partition by supplier_key order by ledger_date) as closing_fen,
        sum(prepaid_change_fen) over (partition by supplier_key order by ledger_date) as prepaid_closing_fen
    from days

)

select
    supplier_key,
    ledger_date,
    supplier_name,
    cast(closing_fen - change_fen as bigint) as opening_fen,
    cast(paid_fen as bigint) as paid_fen,
    cast(purchased_fen as bigint) as purchased_fen,
    cast(returned_fen as bigint) as returned_fen,
    cast(credited_fen as bigint) as credited_fen,
    cast(differences_accepted_fen as bigint) as differences_accepted_fen,
    cast(exchange_losses_fen as bigint) as exchange_losses_fen,
    cast(
        change_fen - paid_fen + purchased_fen - returned_fen - credited_fen + differences_accepted_fen
        + exchange_losses_fen as bigint
    ) as other_fen,
    cast(closing_fen as bigint) as closing_fen,
    cast(prepaid_closing_fen as bigint) as prepaid_closing_fen,
    cast(prepaid_closing_fen - closing_fen as bigint) as payable_closing_fen
from running
