with draws as (

    select * from {{ ref('stg_shop__draws') }}

),

winners as (

    select
        winners.draw_row_id,
        count(case when winners.replaced_draw_winner_row_id is null then 1 end) as picked_prizes,
        count(case when winners.replaced_draw_winner_row_id is null and entries.kind = 'house' then 1 end)
            as house_prizes,
        count(case when winners.state = 'delivered' and entries.kind <> 'house' then 1 end) as delivered_prizes,
        count(case when winners.state = 'forfeited' then 1 end) as forfeited_prizes
    from {{ ref('stg_shop__draw_winners') }} as winners
    inner join {{ ref('stg_shop__draw_entries') }} as entries
        on winners.draw_entry_row_id = entries.draw_entry_row_id
    group by winners.draw_row_id

)

select
    draws.draw_key,
    draws.draw_no,
    draws.state,
    draws.mode,
    draws.profile,
    draws.title_zh,
    draws.title_en,
    draws.prize_item,
    draws.prize_name,
    draws.prize_kind,
    draws.prize_value_fen,
    draws.price_fen,
    draws.capacity_entries,
    draws.winner_places,
    draws.reserve_places,
    draws.accepted_entries,
    draws.free_entries,
    draws.paid_entries,
    draws.house_entries,
    coalesce(winners.picked_prizes, 0) as picked_prizes,
    coalesce(winners.house_prizes, 0) as house_prizes,
    coalesce(winners.delivered_prizes, 0) as delivered_prizes,
    coalesce(winners.forfeited_prizes, 0) as forfeited_prizes,
    draws.chain_hash,
    draws.delay_seconds,
    draws.round_no,
    draws.created_at,
    draws.opened_at,
    draws.closes_at,
    draws.closed_at,
    draws.committed_at,
    draws.round_at,
    draws.decided_at,
    draws.voided_at,
    draws.returned_at,
    draws.settled_at,
    draws.void_reason,
    {{ business_date('draws.opened_at') }} as opened_date,
    {{ seconds_between('draws.opened_at', 'draws.closed_at') }} as open_seconds,
    -- The protocol's deadline: half the delay before the round, but at least a second and at most a minute.
    {{ seconds_between('draws.committed_at', 'draws.round_at') }}
    - case
        when draws.delay_seconds >= 120 then 60
        when draws.delay_seconds < 4 then 1
        else cast((draws.delay_seconds - draws.delay_seconds % 2) / 2 as bigint)
    end as commit_margin_seconds,
    {{ seconds_between('draws.round_at', 'draws.decided_at') }} as result_delay_seconds
from draws
left join winners on draws.draw_row_id = winners.draw_row_id
