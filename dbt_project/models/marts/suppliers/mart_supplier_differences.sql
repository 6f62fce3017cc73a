with lines as (

    select * from {{ ref('stg_shop__supplier_statement_lines') }}

),

statements as (

    select * from {{ ref('stg_shop__supplier_statements') }}

),

purchases as (

    select * from {{ ref('stg_shop__purchases') }}

),

channels as (

    select * from {{ ref('stg_shop__supply_channels') }}

),

cases as (

    select * from {{ ref('stg_shop__review_cases') }}

),

bookings as (

    select * from {{ ref('int_supplier_bookings') }}

),

-- What was posted when a supplier was found to be right.
accepted as (

    select
        reference,
        -sum(amount_fen) as accepted_fen
    from {{ ref('fct_ledger_entries') }}
    where account in ('supplier_prepaid', 'supplier_payable') and event = 'statement_difference_accepted'
    group by reference

),

judged as (

    select
        lines.supplier_statement_line_key as subject_key,
        case
            when lines.line_no is null then 'ours_only'
            when lines.ours_fen is null and lines.theirs_fen <> 0 then 'theirs_only'
            when lines.theirs_fen <> lines.ours_fen then 'amount_differs'
        end as difference_kind,
        statements.supplier_statement_key,
        statements.channel_row_id,
        statements.from_date,
        statements.to_date,
        lines.kind as line_kind,
        lines.line_no,
        coalesce(lines.request_no, purchases.request_no) as request_no,
        lines.supplier_ref,
        purchases.purchase_key,
        purchases.state as purchase_state,
        coalesce(lines.theirs_fen, 0) as theirs_fen,
        coalesce(lines.ours_fen, 0) as ours_fen,
        coalesce(accepted.accepted_fen, 0) as accepted_fen,
        cases.state as case_state
    from lines
    inner join statements on lines.supplier_statement_row_id = statements.supplier_statement_row_id
    left join purchases on lines.purchase_row_id = purchases.purchase_row_id
    left join cases on lines.review_case_row_id = cases.review_case_row_id
    left join accepted
        on {{ dbt.concat(["'statement-line:'", "cast(lines.supplier_statement_line_row_id as varchar)"]) }}
        = accepted.reference

),

covered as (

    select
        channel_row_id,
        max(to_date) as last_date
    from statements
    group by channel_row_id

),

-- Bookings of days that a statement tells of, but for the last such day: midnights differ.
booked as (

    select
        bookings.purchase_row_id,
        bookings.channel_row_id,
        max(statements.from_date) as from_date,
        max(statements.to_date) as to_date,
        sum(bookings.taken_fen) as taken_fen,
        count(*) as n_bookings,
        count(case when bookings.booked_date < covered.last_date then statements.supplier_statement_row_id end) as n_due
    from bookings
    inner join covered on bookings.channel_row_id = covered.channel_row_id
    left join statements
        on bookings.channel_row_id = statements.channel_row_id
        and bookings.booked_date between statements.from_date and statements.to_date
    group by bookings.purchase_row_id, bookings.channel_row_id

),

answered as (

    select
        purchase_row_id,
        sum(coalesce(ours_fen, 0)) as ours_fen
    from lines
    where purchase_row_id is not null
    group by purchase_row_id

),

unposted as (

    select
        purchases.purchase_key as subject_key,
        'ledger_differs' as difference_kind,
        cast(null as varchar) as supplier_statement_key,
        booked.channel_row_id,
        booked.from_date,
        booked.to_date,
        'charge' as line_kind,
        cast(null as bigint) as line_no,
        purchases.request_no,
        purchases.supplier_ref,
        purchases.purchase_key,
        purchases.state as purchase_state,
        coalesce(answered.ours_fen, 0) as theirs_fen,
        booked.taken_fen as ours_fen,
        0 as accepted_fen,
        cast(null as varchar) as case_state
    from booked
    inner join purchases on booked.purchase_row_id = purchases.purchase_row_id
    left join answered on booked.purchase_row_id = answered.purchase_row_id
    where booked.n_due = booked.n_bookings
        and purchases.state not in ('created', 'submitted', 'processing', 'unknown')
        and booked.taken_fen <> coalesce(answered.ours_fen, 0)

),

differences as (

    select * from judged
    where difference_kind is not null
    union all
    select * from unposted

)

select
    differences.subject_key || ':' || differences.difference_kind as difference_key,
    differences.difference_kind,
    differences.supplier_statement_key,
    channels.channel_key,
    channels.code as channel_code,
    differences.from_date,
    differences.to_date,
    differences.line_kind,
    cast(differences.line_no as bigint) as line_no,
    differences.request_no,
    differences.supplier_ref,
    differences.purchase_key,
    differences.purchase_state,
    cast(differences.theirs_fen as bigint) as theirs_fen,
    cast(differences.ours_fen as bigint) as ours_fen,
    cast(differences.theirs_fen - differences.ours_fen as bigint) as difference_fen,
    cast(differences.accepted_fen as bigint) as accepted_fen,
    differences.case_state
from differences
inner join channels on differences.channel_row_id = channels.channel_row_id
