with bills as (

    select * from {{ ref('stg_shop__gateway_bills') }}

),

matches as (

    select
        *,
        is_settled and is_ended as is_ours,
        record_kind = 'receipt' and not is_settled as is_unapplied
    from {{ ref('int_gateway_matches') }}

),

days as (

    select
        method,
        bill_date,
        sum(case when is_billed then 1 else 0 end) as line_count,
        sum(case when kind = 'payment' then coalesce(bill_amount_fen, 0) else 0 end) as bill_paid_fen,
        sum(case when kind = 'refund' then coalesce(bill_amount_fen, 0) else 0 end) as bill_refunded_fen,
        sum(coalesce(bill_fee_fen, 0)) as bill_fees_fen,
        sum(case when is_ours and kind = 'payment' then record_amount_fen else 0 end) as shop_paid_fen,
        sum(case when is_ours and kind = 'refund' then record_amount_fen else 0 end) as shop_refunded_fen,
        sum(case when is_ours then record_fee_fen else 0 end) as shop_fees_fen,
        sum(case when is_unapplied then record_amount_fen - record_fee_fen else 0 end) as unapplied_net_fen,
        sum({{ gateway_net('kind', 'ledger_amount_fen', 'ledger_fee_fen') }}) as ledger_net_fen
    from matches
    group by method, bill_date

),

differences as (

    select
        method,
        bill_date,
        count(*) as difference_count,
        sum(case when difference_kind = 'ledger_differs' then 0 else difference_fen end) as bill_difference_fen,
        sum(case when difference_kind = 'ledger_differs' then difference_fen else 0 end) as ledger_difference_fen
    from {{ ref('mart_gateway_differences') }}
    group by method, bill_date

),

keys as (

    select method, bill_date from bills
    union
    select method, bill_date from days

),

summed as (

    select
        keys.method,
        keys.bill_date,
        bills.gateway_bill_row_id is not null as has_bill,
        cast(coalesce(days.line_count, 0) as bigint) as line_count,
        cast(coalesce(days.bill_paid_fen, 0) as bigint) as bill_paid_fen,
        cast(coalesce(days.bill_refunded_fen, 0) as bigint) as bill_refunded_fen,
        cast(coalesce(days.bill_fees_fen, 0) as bigint) as bill_fees_fen,
        cast(coalesce(days.shop_paid_fen, 0) as bigint) as shop_paid_fen,
        cast(coalesce(days.shop_refunded_fen, 0) as bigint) as shop_refunded_fen,
        cast(coalesce(days.shop_fees_fen, 0) as bigint) as shop_fees_fen,
        cast(coalesce(days.unapplied_net_fen, 0) as bigint) as unapplied_net_fen,
        cast(coalesce(days.ledger_net_fen, 0) as bigint) as ledger_net_fen,
        cast(coalesce(differences.difference_count, 0) as bigint) as difference_count,
        cast(coalesce(differences.bill_difference_fen, 0) as bigint) as bill_difference_fen,
        cast(coalesce(differences.ledger_difference_fen, 0) as bigint) as ledger_difference_fen
    from keys
    left join bills on keys.method = bills.method and keys.bill_date = bills.bill_date
    left join days on keys.method = days.method and keys.bill_date = days.bill_date
    left join differences on keys.method = differences.method and keys.bill_date = differences.bill_date

)

select
    method,
    bill_date,
    has_bill,
    line_count,
    bill_paid_fen,
    bill_refunded_fen,
    bill_fees_fen,
    bill_paid_fen - bill_refunded_fen - bill_fees_fen as bill_net_fen,
    shop_paid_fen,
    shop_refunded_fen,
    shop_fees_fen,
    shop_paid_fen - shop_refunded_fen - shop_fees_fen as shop_net_fen,
    unapplied_net_fen,
    ledger_net_fen,
    difference_count,
    bill_difference_fen,
    ledger_difference_fen,
    case
        when has_bill
            then bill_paid_fen - bill_refunded_fen - bill_fees_fen
                - (shop_paid_fen - shop_refunded_fen - shop_fees_fen) - bill_difference_fen
    end as unexplained_bill_fen,
    ledger_net_fen - (shop_paid_fen - shop_refunded_fen - shop_fees_fen) - unapplied_net_fen - ledger_difference_fen
        as unexplained_ledger_fen
from summed
