{% set ways = {
    'topped_up': ['wallet_topped_up'],
    'refunded': ['refund_paid_out'],
    'credited': ['wallet_credited'],
    'stakes_back': ['stake_returned'],
    'spent': ['order_paid'],
    'staked': ['stake_taken'],
    'withdrawn': ['withdrawal_requested', 'withdrawal_returned'],
    'lapsed': ['balance_lapsed'],
} %}

with entries as (

    select * from {{ ref('fct_ledger_entries') }}

),

days as (

    select
        ledger_date,
        {% for way, events in ways.items() -%}
        sum(
            case
                when
                    account = 'customer_wallet'
                    and event in ('{{ events | join("', '") }}')
                    then -amount_fen
                else 0
            end
        ) as {{ way }}_fen,
        {% endfor -%}
        sum(case when account = 'customer_wallet' then -amount_fen else 0 end) as wallets_change_fen,
        sum(case when account = 'withdrawals_payable' then -amount_fen else 0 end) as withdrawals_change_fen
    from entries
    group by ledger_date

)

select
    ledger_date,
    {% for way in ways -%}
    cast({{ way }}_fen as bigint) as {{ way }}_fen,
    {% endfor -%}
    cast(
        wallets_change_fen
        {% for way in ways -%}
        - {{ way }}_fen
        {% endfor -%}
        as bigint
    ) as other_fen,
    cast(wallets_change_fen as bigint) as wallets_change_fen,
    cast(withdrawals_change_fen as bigint) as withdrawals_change_fen,
    cast(sum(wallets_change_fen) over (order by ledger_date) as bigint) as wallets_owed_fen,
    cast(sum(withdrawals_change_fen) over (order by ledger_date) as bigint) as withdrawals_unpaid_fen
from days
