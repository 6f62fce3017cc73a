with booked as (

    select
        customer_row_id,
        -sum(amount_fen) as balance_fen
    from {{ ref('stg_shop__ledger_entries') }}
    where account = 'customer_wallet'
    group by customer_row_id

)

select
    customers.customer_key,
    wallets.balance_fen as wallet_fen,
    booked.balance_fen as ledger_fen
from {{ ref('stg_shop__customers') }} as customers
left join {{ ref('stg_shop__wallets') }} as wallets on customers.customer_row_id = wallets.customer_row_id
left join booked on customers.customer_row_id = booked.customer_row_id
where coalesce(wallets.balance_fen, 0) <> coalesce(booked.balance_fen, 0)
