{{ config(severity='warn') }}

with stock as (

    select coalesce(sum(cost_fen), 0) as stock_fen
    from {{ ref('fct_card_movements') }}

),

booked as (

    select coalesce(sum(amount_fen), 0) as ledger_fen
    from {{ ref('fct_ledger_entries') }}
    where account = 'card_inventory'

)

select
    stock.stock_fen,
    booked.ledger_fen
from stock
cross join booked
where stock.stock_fen <> booked.ledger_fen
