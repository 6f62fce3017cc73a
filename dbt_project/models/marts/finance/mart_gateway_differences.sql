with matches as (

    select * from {{ ref('int_gateway_matches') }}

),

judged as (

    select
        match_key,
        case
            when not is_billed and has_bill then kind || '_missing'
            when not is_billed then null
            when record_kind is null or not is_settled then 'unknown_' || kind
            when bill_amount_fen <> record_amount_fen then 'amount_differs'
            when not is_ended then 'refund_open'
            when bill_fee_fen <> record_fee_fen then 'fee_differs'
        end as difference_kind,
        method,
        bill_date,
        kind,
        number,
        coalesce(bill_amount_fen, 0) as bill_fen,
        case when is_settled and is_ended then record_amount_fen else 0 end as shop_fen,
        coalesce(ledger_amount_fen, 0) as ledger_fen,
        {{ gateway_net('kind', 'bill_amount_fen', 'bill_fee_fen') }}
        - case
            when is_settled and is_ended then {{ gateway_net('kind', 'record_amount_fen', 'record_fee_fen') }} else 0
        end as difference_fen
    from matches

),

unposted as (

    select
        match_key,
        'ledger_differs' as difference_kind,
        method,
        bill_date,
        kind,
        number,
        coalesce(bill_amount_fen, 0) as bill_fen,
        record_amount_fen as shop_fen,
        ledger_amount_fen as ledger_fen,
        {{ gateway_net('kind', 'ledger_amount_fen', 'ledger_fee_fen') }}
        - ({{ gateway_net('kind', 'record_amount_fen', 'record_fee_fen') }}) as difference_fen
    from matches
    where is_ended
        and (ledger_amount_fen <> record_amount_fen or ledger_fee_fen <> record_fee_fen)

),

differences as (

    select * from judged
    where difference_kind is not null
    union all
    select * from unposted

)

select
    match_key || ':' || difference_kind as difference_key,
    difference_kind,
    method,
    bill_date,
    kind,
    number,
    cast(bill_fen as bigint) as bill_fen,
    cast(shop_fen as bigint) as shop_fen,
    cast(ledger_fen as bigint) as ledger_fen,
    cast(difference_fen as bigint) as difference_fen
from differences
