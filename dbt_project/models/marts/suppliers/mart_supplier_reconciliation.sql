with statements as (

    select * from {{ ref('stg_shop__supplier_statements') }}

),

channels as (

    select * from {{ ref('dim_channels') }}

),

supply_channels as (

    select * from {{ ref('stg_shop__supply_channels') }}

),

lines as (

    select
        supplier_statement_row_id,
        count(line_no) as line_count,
        sum(coalesce(theirs_fen, 0)) as theirs_fen,
        sum(coalesce(ours_fen, 0)) as ours_fen
    from {{ ref('stg_shop__supplier_statement_lines') }}
    group by supplier_statement_row_id

),

differences as (

    select
        supplier_statement_key,
        count(*) as difference_count,
        sum(difference_fen) as difference_fen,
        sum(case when case_state = 'open' then 1 else 0 end) as open_count,
        sum(case when case_state = 'open' then difference_fen else 0 end) as open_fen,
        sum(accepted_fen) as accepted_fen
    from {{ ref('mart_supplier_differences') }}
    where supplier_statement_key is not null
    group by supplier_statement_key

),

booked as (

    select
        statements.supplier_statement_row_id,
        sum(bookings.taken_fen) as ledger_fen
    from statements
    inner join {{ ref('int_supplier_bookings') }} as bookings
        on statements.channel_row_id = bookings.channel_row_id
        and bookings.booked_date between statements.from_date and statements.to_date
    group by statements.supplier_statement_row_id

),

summed as (

    select
        statements.*,
        supply_channels.channel_key,
        cast(coalesce(lines.line_count, 0) as bigint) as lines_stored,
        cast(coalesce(lines.theirs_fen, 0) as bigint) as theirs_fen,
        cast(coalesce(lines.ours_fen, 0) as bigint) as ours_fen,
        cast(coalesce(booked.ledger_fen, 0) as bigint) as ledger_fen,
        cast(coalesce(differences.difference_count, 0) as bigint) as difference_count,
        cast(coalesce(differences.difference_fen, 0) as bigint) as difference_fen,
        cast(coalesce(differences.open_count, 0) as bigint) as open_count,
        cast(coalesce(differences.open_fen, 0) as bigint) as open_fen,
        cast(coalesce(differences.accepted_fen, 0) as bigint) as accepted_fen
    from statements
    inner join supply_channels on statements.channel_row_id = supply_channels.channel_row_id
    left join lines on statements.supplier_statement_row_id = lines.supplier_statement_row_id
    left join booked on statements.supplier_statement_row_id = booked.supplier_statement_row_id
    left join differences on statements.supplier_statement_key = differences.supplier_statement_key

)

select
    summed.supplier_statement_key,
    summed.channel_key,
    channels.code as channel_code,
    channels.supplier_name,
    summed.from_date,
    summed.to_date,
    summed.imported_at,
    summed.currency,
    cast(summed.line_count as bigint) as line_count,
    summed.total_fen as statement_fen,
    summed.ours_fen,
    summed.ledger_fen,
    summed.ours_fen - summed.ledger_fen as other_days_fen,
    summed.difference_count,
    summed.difference_fen,
    summed.open_count,
    summed.open_fen,
    summed.accepted_fen,
    summed.line_count - summed.lines_stored as missing_lines,
    summed.total_fen - summed.ours_fen - summed.difference_fen as unexplained_fen
from summed
inner join channels on summed.channel_key = channels.channel_key
