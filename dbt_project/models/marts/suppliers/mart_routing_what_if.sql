with ranked as (

    select
        *,
        row_number() over (partition by fulfilment_row_id order by decided_at, routing_decision_row_id) as place
    from {{ ref('stg_shop__routing_decisions') }}
    where stage = 'purchase' and fulfilment_row_id is not null

),

-- The first decision of each unit: what came after a failure would not have come under another policy.
decisions as (

    select
        routing_decision_row_id,
        fulfilment_row_id,
        offer_row_id,
        cast({{ dbt.date_trunc('month', business_date('decided_at')) }} as date) as decided_month
    from ranked
    where place = 1

),

candidates as (

    select
        candidates.*,
        row_number() over (
            partition by candidates.routing_decision_row_id, candidates.is_allowed
            order by candidates.cost_fen, candidates.channel_row_id, candidates.offer_row_id
        ) as list_place,
        row_number() over (
            partition by candidates.routing_decision_row_id, candidates.is_allowed
            order by candidates.effective_fen, candidates.channel_row_id, candidates.offer_row_id
        ) as effective_place,
        row_number() over (
            partition by candidates.routing_decision_row_id, candidates.is_allowed, candidates.channel_row_id
            order by candidates.effective_fen, candidates.offer_row_id
        ) as channel_place
    from {{ ref('int_routing_candidates') }} as candidates
    inner join decisions on candidates.routing_decision_row_id = decisions.routing_decision_row_id

),

channels as (

    select * from {{ ref('stg_shop__supply_channels') }}

),

seen_channels as (

    select distinct channel_row_id from candidates

),

policies as (

    select
        'as_decided' as policy,
        cast(null as bigint) as only_row_id
    union all
    select
        'cheapest_list' as policy,
        null as only_row_id
    union all
    select
        'lowest_effective' as policy,
        null as only_row_id
    union all
    select
        'only:' || channels.code as policy,
        channels.channel_row_id as only_row_id
    from seen_channels
    inner join channels on seen_channels.channel_row_id = channels.channel_row_id

),

-- What each unit bore in the end, over all its attempts; unknown while it has no code.
units as (

    select
        purchases.fulfilment_row_id,
        sum(
            case when facts.has_code then facts.cost_fen else 0 end
            + facts.written_off_fen - facts.written_off_back_fen + facts.replacement_fen - facts.credited_fen
        ) as borne_fen,
        max(case when facts.has_code then 1 else 0 end) as code_count
    from {{ ref('fct_supplier_purchases') }} as facts
    inner join {{ ref('stg_shop__purchases') }} as purchases on facts.purchase_key = purchases.purchase_key
    group by purchases.fulfilment_row_id

),

chosen as (

    select
        policies.policy,
        decisions.decided_month,
        decisions.fulfilment_row_id,
        candidates.channel_row_id,
        candidates.cost_fen,
        candidates.effective_fen,
        case when candidates.offer_row_id = decisions.offer_row_id then 0 else 1 end as is_moved
    from decisions
    cross join policies
    left join candidates
        on decisions.routing_decision_row_id = candidates.routing_decision_row_id
        and (
            (policies.policy = 'as_decided' and decisions.offer_row_id = candidates.offer_row_id)
            or (policies.policy = 'cheapest_list' and candidates.is_allowed and candidates.list_place = 1)
            or (policies.policy = 'lowest_effective' and candidates.is_allowed and candidates.effective_place = 1)
            or (
                policies.only_row_id = candidates.channel_row_id
                and candidates.is_allowed
                and candidates.channel_place = 1
            )
        )

)

select
    chosen.policy,
    chosen.decided_month,
    coalesce(channels.code, 'none') as channel_code,
    max(channels.channel_key) as channel_key,
    count(*) as unit_count,
    cast(sum(case when chosen.channel_row_id is null then 0 else chosen.is_moved end) as bigint) as moved_count,
    cast(sum(chosen.cost_fen) as bigint) as expected_list_fen,
    sum(chosen.effective_fen) as expected_effective_fen,
    cast(sum(coalesce(units.code_count, 0)) as bigint) as code_count,
    cast(sum(case when units.code_count = 1 then units.borne_fen else 0 end) as bigint) as actual_fen,
    cast(sum(case when units.code_count = 1 then chosen.cost_fen else 0 end) as bigint) as expected_list_of_codes_fen
from chosen
left join channels on chosen.channel_row_id = channels.channel_row_id
left join units on chosen.fulfilment_row_id = units.fulfilment_row_id
group by chosen.policy, chosen.decided_month, coalesce(channels.code, 'none')
