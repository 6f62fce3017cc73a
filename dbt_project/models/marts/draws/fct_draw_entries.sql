with entries as (

    select * from {{ ref('stg_shop__draw_entries') }}

),

draws as (

    select * from {{ ref('stg_shop__draws') }}

),

customers as (

    select * from {{ ref('stg_shop__customers') }}

),

stake_ends as (

    select
        draw_entry_row_id,
        sum(case when outcome = 'returned' then amount_fen else 0 end) as returned_fen,
        sum(case when outcome = 'set_off' then amount_fen else 0 end) as set_off_fen,
        sum(case when outcome = 'income' then amount_fen else 0 end) as income_fen
    from {{ ref('stg_shop__stake_ends') }}
    group by draw_entry_row_id

),

prizes as (

    select
        draw_entry_row_id,
        count(*) as picked_prizes
    from {{ ref('stg_shop__draw_winners') }}
    where replaced_draw_winner_row_id is null
    group by draw_entry_row_id

),

joined as (

    select
        entries.draw_entry_key,
        draws.draw_key,
        draws.draw_no,
        coalesce(customers.customer_key, 'none') as customer_key,
        entries.kind,
        entries.source,
        entries.first_index,
        entries.range_entries,
        entries.accepted_at,
        {{ business_date('entries.accepted_at') }} as accepted_date,
        coalesce(prizes.picked_prizes, 0) as picked_prizes,
        entries.stake_fen,
        cast(coalesce(stake_ends.returned_fen, 0) as bigint) as returned_fen,
        cast(coalesce(stake_ends.set_off_fen, 0) as bigint) as set_off_fen,
        cast(coalesce(stake_ends.income_fen, 0) as bigint) as income_fen
    from entries
    inner join draws on entries.draw_row_id = draws.draw_row_id
    left join customers on entries.customer_row_id = customers.customer_row_id
    left join stake_ends on entries.draw_entry_row_id = stake_ends.draw_entry_row_id
    left join prizes on entries.draw_entry_row_id = prizes.draw_entry_row_id

)

select
    draw_entry_key,
    draw_key,
    draw_no,
    customer_key,
    kind,
    source,
    first_index,
    range_entries,
    accepted_at,
    accepted_date,
    picked_prizes,
    stake_fen,
    returned_fen,
    set_off_fen,
    income_fen,
    stake_fen - returned_fen - set_off_fen - income_fen as standing_fen,
    case
        when stake_fen = 0 then 'none'
        when stake_fen > returned_fen + set_off_fen + income_fen then 'standing'
        when stake_fen = returned_fen then 'returned'
        when stake_fen = set_off_fen then 'set_off'
        when stake_fen = income_fen then 'income'
        else 'divided'
    end as stake_outcome
from joined
