with purchases as (

    select * from {{ ref('stg_shop__purchases') }}

),

channels as (

    select * from {{ ref('stg_shop__supply_channels') }}

),

suppliers as (

    select * from {{ ref('stg_shop__suppliers') }}

),

offers as (

    select * from {{ ref('stg_shop__offers') }}

),

decisions as (

    select * from {{ ref('stg_shop__routing_decisions') }}

),

fulfilments as (

    select * from {{ ref('stg_shop__fulfilments') }}

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

skus as (

    select * from {{ ref('stg_shop__skus') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

events as (

    select
        purchase_row_id,
        max(case when to_state = 'unknown' then 1 else 0 end) as unknown_count,
        max(case when to_state in ('late_failed', 'late_succeeded') then happened_at end) as known_late_at
    from {{ ref('stg_shop__purchase_events') }}
    group by purchase_row_id

),

claims as (

    select
        purchase_row_id,
        opened_at as claimed_at,
        state as claim_state,
        coalesce(credited_fen, 0) as credited_fen
    from {{ ref('stg_shop__defect_claims') }}
    where purchase_row_id is not null

),

-- What was handed out in place of a bad code, at its cost.
replacements as (

    select
        fulfilment_row_id,
        sum(amount_fen) as replacement_fen
    from {{ ref('stg_shop__document_lines') }}
    where kind = 'code_lost' and fulfilment_row_id is not null
    group by fulfilment_row_id

),

joined as (

    select
        purchases.*,
        purchases.state = 'succeeded' as has_code,
        purchases.state in ('written_off', 'late_failed', 'late_succeeded') as was_written_off,
        case when purchases.state = 'succeeded' then purchases.cost_fen else 0 end as code_cost_fen,
        case when purchases.state in ('written_off', 'late_failed', 'late_succeeded') then purchases.cost_fen else 0 end
            as written_off_fen,
        case when purchases.state in ('late_failed', 'late_succeeded') then purchases.cost_fen else 0 end
            as written_off_back_fen,
        {{ in_minor_units('purchases.unit_cost * purchases.quantity', 'purchases.currency', 'shop.currency',
            'purchases.exchange_rate') }} as listed_fen,
        channels.channel_key,
        suppliers.supplier_key,
        offers.offer_key,
        decisions.routing_decision_key,
        order_items.order_item_id,
        skus.sku_key,
        products.product_key,
        fulfilments.gross_fen - fulfilments.discount_fen as net_price_fen,
        coalesce(events.unknown_count, 0) = 1 as was_unknown,
        events.known_late_at,
        claims.purchase_row_id is not null as is_defective,
        claims.claimed_at,
        claims.claim_state,
        coalesce(claims.credited_fen, 0) as credited_fen,
        case when claims.purchase_row_id is not null then coalesce(replacements.replacement_fen, 0) else 0 end
            as replacement_fen
    from purchases
    cross join {{ source('meta', 'build_context') }} as shop
    inner join channels on purchases.channel_row_id = channels.channel_row_id
    left join suppliers on channels.supplier_row_id = suppliers.supplier_row_id
    left join offers on purchases.offer_row_id = offers.offer_row_id
    left join decisions on purchases.routing_decision_row_id = decisions.routing_decision_row_id
    inner join fulfilments on purchases.fulfilment_row_id = fulfilments.fulfilment_row_id
    inner join order_items on fulfilments.order_item_row_id = order_items.order_item_row_id
    inner join skus on order_items.sku_row_id = skus.sku_row_id
    inner join products on skus.product_row_id = products.product_row_id
    left join events on purchases.purchase_row_id = events.purchase_row_id
    left join claims on purchases.purchase_row_id = claims.purchase_row_id
    left join replacements on purchases.fulfilment_row_id = replacements.fulfilment_row_id

)

select
    purchase_key,
    request_no,
    attempt_no,
    channel_key,
    supplier_key,
    offer_key,
    sku_key,
    product_key,
    order_item_id,
    routing_decision_key,
    state,
    outcome_code,
    state not in ('created', 'submitted', 'processing', 'unknown') as is_ended,
    has_code,
    was_unknown,
    was_written_off,
    is_defective,
    has_code and (not is_defective or replacement_fen > 0) as is_good,
    is_prepaid,
    quantity,
    unit_cost,
    currency,
    exchange_rate,
    cast(listed_fen as bigint) as listed_fen,
    cost_fen,
    net_price_fen,
    written_off_fen,
    written_off_back_fen,
    written_off_fen - written_off_back_fen as unrecovered_fen,
    cast(replacement_fen as bigint) as replacement_fen,
    credited_fen,
    cast(code_cost_fen + written_off_fen - written_off_back_fen + replacement_fen - credited_fen as bigint)
        as borne_fen,
    claim_state,
    created_at,
    {{ business_date('created_at') }} as created_date,
    submitted_at,
    ended_at,
    claimed_at,
    {{ seconds_between('submitted_at', 'ended_at') }} as seconds_to_end,
    case
        when state = 'failed' then {{ seconds_between('submitted_at', 'ended_at') }}
        when state = 'late_failed' then {{ seconds_between('submitted_at', 'known_late_at') }}
    end as seconds_to_money_back
from joined
