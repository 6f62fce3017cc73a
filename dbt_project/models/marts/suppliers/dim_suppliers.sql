with suppliers as (

    select * from {{ ref('stg_shop__suppliers') }}

),

balances as (

    select * from {{ ref('stg_shop__supplier_balances') }}

)

select
    suppliers.supplier_key,
    suppliers.name,
    suppliers.terms,
    suppliers.currency,
    suppliers.ended_at is null as is_active,
    suppliers.low_balance_fen,
    coalesce(balances.prepaid_fen, 0) as prepaid_fen,
    coalesce(balances.payable_fen, 0) as payable_fen,
    suppliers.created_at,
    suppliers.ended_at
from suppliers
left join balances on suppliers.supplier_row_id = balances.supplier_row_id
