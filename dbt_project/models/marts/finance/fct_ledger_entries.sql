{{ config(materialized='incremental', unique_key='ledger_entry_id') }}

with all_entries as (

    select * from {{ ref('stg_shop__ledger_entries') }}

),

transactions as (

    select * from {{ ref('stg_shop__ledger_transactions') }}

),

accounts as (

    select * from {{ ref('stg_shop__ledger_accounts') }}

),

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

customers as (

    select * from {{ ref('stg_shop__customers') }}

),

{% if is_incremental() -%}
restated as (

    select all_entries.ledger_entry_id from all_entries
    where {{ is_new('all_entries') }}
    union
    select all_entries.ledger_entry_id
    from all_entries
    inner join accounts on all_entries.account = accounts.account
    where {{ is_new('accounts') }}

),

{% endif -%}
entries as (

    select * from all_entries
    {{ only_restated('ledger_entry_id') }}

)

select
    entries.ledger_entry_id,
    transactions.transaction_key,
    transactions.reference,
    transactions.event,
    entries.account,
    accounts.account_kind,
    accounts.margin_level,
    entries.amount_fen,
    transactions.effective_at,
    transactions.ledger_date,
    orders.order_id,
    order_items.order_item_id,
    customers.customer_key
from entries
inner join transactions on entries.ledger_transaction_row_id = transactions.ledger_transaction_row_id
inner join accounts on entries.account = accounts.account
left join orders on transactions.order_row_id = orders.order_row_id
left join order_items on entries.order_item_row_id = order_items.order_item_row_id
left join customers on entries.customer_row_id = customers.customer_row_id
