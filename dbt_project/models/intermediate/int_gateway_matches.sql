with bills as (

    select * from {{ ref('stg_shop__gateway_bills') }}

),

named_lines as (

    select
        bill_lines.*,
        bills.method,
        bills.bill_date,
        case
            when bill_lines.kind = 'payment' then bill_lines.gateway_trade_no else bill_lines.out_refund_no
        end as gateway_number,
        case when bill_lines.kind = 'payment' then bill_lines.out_trade_no else bill_lines.out_refund_no end as number
    from {{ ref('stg_shop__gateway_bill_lines') }} as bill_lines
    inner join bills on bill_lines.bill_row_id = bills.gateway_bill_row_id

),

repeated as (

    select
        *,
        row_number() over (partition by method, kind, gateway_number order by bill_date, line_no) as repetition
    from named_lines

),

lines as (

    select
        *,
        -- A line that comes twice meets its record once.
        case when repetition = 1 then gateway_number end as match_number
    from repeated

),

records as (

    select * from {{ ref('int_gateway_records') }}

),

corrected_fees as (

    select reference, -sum(amount_fen) as fee_fen
    from {{ ref('fct_ledger_entries') }}
    where account = 'gateway_receivable' and event = 'fee_corrected'
    group by reference

),

matched as (

    select
        lines.gateway_bill_line_key,
        lines.bill_row_id,
        lines.line_no,
        records.record_key,
        records.record_kind,
        coalesce(lines.kind, records.line_kind) as kind,
        coalesce(lines.method, records.method) as method,
        coalesce(lines.bill_date, records.gateway_date) as bill_date,
        coalesce(records.number, lines.number) as number,
        lines.amount_fen as bill_amount_fen,
        lines.fee_fen as bill_fee_fen,
        records.amount_fen as record_amount_fen,
        records.fee_fen as record_fee_fen,
        records.ledger_amount_fen,
        records.ledger_fee_fen,
        records.is_ended,
        records.is_settled
    from lines
    full outer join records
        on lines.method = records.method
        and lines.kind = records.line_kind
        and lines.match_number = records.match_number

)

select
    coalesce(matched.gateway_bill_line_key, matched.record_key) as match_key,
    matched.method,
    matched.bill_date,
    matched.kind,
    matched.number,
    matched.record_kind,
    bills.gateway_bill_row_id is not null as has_bill,
    matched.gateway_bill_line_key is not null as is_billed,
    coalesce(matched.is_ended, false) as is_ended,
    coalesce(matched.is_settled, false) as is_settled,
    matched.bill_amount_fen,
    matched.bill_fee_fen,
    matched.record_amount_fen,
    matched.record_fee_fen,
    matched.ledger_amount_fen,
    cast(matched.ledger_fee_fen + coalesce(corrected_fees.fee_fen, 0) as bigint) as ledger_fee_fen
from matched
left join bills on matched.method = bills.method and matched.bill_date = bills.bill_date
left join corrected_fees
    on corrected_fees.reference
    = 'bill:' || cast(matched.bill_row_id as varchar) || ':' || cast(matched.line_no as varchar)
-- What is still on its way is nobody's difference as long as no bill has it.
where matched.is_ended or matched.gateway_bill_line_key is not null
