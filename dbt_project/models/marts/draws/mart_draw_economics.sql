with draws as (

    select * from {{ ref('fct_draws') }}

),

stakes as (

    select
        draw_key,
        sum(stake_fen) as stakes_taken_fen,
        sum(returned_fen) as stakes_returned_fen,
        sum(set_off_fen) as stakes_set_off_fen,
        sum(income_fen) as draw_income_fen,
        sum(standing_fen) as stakes_standing_fen,
        sum(case when source = 'free_route' then range_entries else 0 end) as free_route_entries,
        count(distinct case when kind <> 'house' then customer_key end) as n_players
    from {{ ref('fct_draw_entries') }}
    group by draw_key

),

prizes as (

    select
        draws.draw_key,
        sum(winners.cost_fen) as draw_prizes_fen,
        sum(case when entries.kind = 'free' then winners.cost_fen end) as free_prizes_fen,
        sum(case when winners.state in ('notified', 'claimed') then 1 else 0 end) as open_prizes
    from {{ ref('stg_shop__draw_winners') }} as winners
    inner join {{ ref('stg_shop__draws') }} as draws on winners.draw_row_id = draws.draw_row_id
    inner join {{ ref('stg_shop__draw_entries') }} as entries
        on winners.draw_entry_row_id = entries.draw_entry_row_id
    group by draws.draw_key

),

summed as (

    select
        draws.draw_key,
        draws.draw_no,
        draws.mode,
        draws.state,
        draws.opened_date,
        draws.accepted_entries,
        draws.free_entries,
        draws.paid_entries,
        draws.house_entries,
        draws.prize_value_fen,
        cast(coalesce(stakes.free_route_entries, 0) as bigint) as free_route_entries,
        cast(coalesce(stakes.n_players, 0) as bigint) as n_players,
        cast(coalesce(stakes.stakes_taken_fen, 0) as bigint) as stakes_taken_fen,
        cast(coalesce(stakes.stakes_returned_fen, 0) as bigint) as stakes_returned_fen,
        cast(coalesce(stakes.stakes_set_off_fen, 0) as bigint) as stakes_set_off_fen,
        cast(coalesce(stakes.stakes_standing_fen, 0) as bigint) as stakes_standing_fen,
        cast(coalesce(stakes.draw_income_fen, 0) as bigint) as draw_income_fen,
        cast(coalesce(prizes.draw_prizes_fen, 0) as bigint) as draw_prizes_fen,
        cast(coalesce(prizes.free_prizes_fen, 0) as bigint) as free_prizes_fen,
        cast(coalesce(prizes.open_prizes, 0) as bigint) as open_prizes
    from draws
    left join stakes on draws.draw_key = stakes.draw_key
    left join prizes on draws.draw_key = prizes.draw_key
    where draws.draw_no is not null

)

select
    draw_key,
    draw_no,
    mode,
    state,
    opened_date,
    accepted_entries,
    free_entries,
    paid_entries,
    house_entries,
    free_route_entries,
    n_players,
    stakes_taken_fen,
    stakes_returned_fen,
    stakes_set_off_fen,
    stakes_standing_fen,
    draw_income_fen,
    draw_prizes_fen,
    free_prizes_fen,
    open_prizes,
    open_prizes * prize_value_fen as open_prizes_value_fen,
    draw_income_fen as cm1_fen,
    draw_income_fen - draw_prizes_fen as cm3_fen
from summed
