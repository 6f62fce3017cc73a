with cards as (

    select * from {{ ref('stg_shop__cards') }}

),

batches as (

    select * from {{ ref('stg_shop__card_batches') }}

),

defects as (

    select * from {{ ref('stg_shop__card_defects') }}

),

credits as (

    select * from {{ ref('stg_shop__batch_credits') }}

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

suppliers as (

    select * from {{ ref('stg_shop__suppliers') }}

),

-- Codes that a purchase brought into stock know their channel; imported files know a supplier at most.
bought_over as (

    select
        codes.card_row_id,
        max(channels.channel_key) as channel_key
    from {{ ref('stg_shop__purchased_codes') }} as codes
    inner join {{ ref('stg_shop__purchases') }} as purchases on codes.purchase_row_id = purchases.purchase_row_id
    inner join {{ ref('stg_shop__supply_channels') }} as channels on purchases.channel_row_id = channels.channel_row_id
    where codes.card_row_id is not null
    group by codes.card_row_id

),

-- A bad code has lost its fulfilment; the record of the defect still knows it. A unit's first code was delivered with
-- the unit, the one that took its place when the defect was reported.
whereabouts as (

    select
        cards.card_row_id,
        cards.card_batch_row_id,
        cards.cost_fen,
        cards.expires_at,
        bad.card_defect_row_id,
        bad.reported_at,
        fulfilments.fulfilment_row_id,
        fulfilments.fulfilment_key,
        fulfilments.order_item_row_id,
        case
            when served.card_defect_row_id is not null then 'replacement'
            when fulfilments.fulfilment_row_id is not null then 'delivered'
            when bad.card_defect_row_id is not null then 'found_bad'
            when cards.state = 'void' and cards.expires_at <= cards.voided_at then 'expired'
            when cards.state = 'void' then 'voided'
        end as left_as,
        case
            when served.card_defect_row_id is not null then served.reported_at
            when fulfilments.fulfilment_row_id is not null then fulfilments.delivered_at
            when bad.card_defect_row_id is not null then bad.reported_at
            else cards.voided_at
        end as left_at
    from cards
    left join defects as bad on cards.card_row_id = bad.card_row_id
    left join defects as served on cards.card_row_id = served.replacement_card_row_id
    left join fulfilments
        on coalesce(served.fulfilment_row_id, cards.fulfilment_row_id, bad.fulfilment_row_id)
        = fulfilments.fulfilment_row_id

),

movements as (

    select
        'bought' as kind,
        whereabouts.card_row_id as subject_row_id,
        whereabouts.card_row_id,
        whereabouts.card_batch_row_id,
        whereabouts.expires_at,
        cast(null as {{ dbt.type_string() }}) as fulfilment_key,
        cast(null as bigint) as order_item_row_id,
        1 as quantity_units,
        whereabouts.cost_fen,
        0 as credited_fen,
        batches.imported_at as moved_at
    from whereabouts
    inner join batches on whereabouts.card_batch_row_id = batches.card_batch_row_id
    union all
    select
        left_as as kind,
        card_row_id as subject_row_id,
        card_row_id,
        card_batch_row_id,
        expires_at,
        fulfilment_key,
        order_item_row_id,
        -1 as quantity_units,
        -cost_fen as cost_fen,
        0 as credited_fen,
        left_at as moved_at
    from whereabouts
    where left_as is not null
    union all
    select
        'reported_bad' as kind,
        card_row_id as subject_row_id,
        card_row_id,
        card_batch_row_id,
        expires_at,
        fulfilment_key,
        order_item_row_id,
        0 as quantity_units,
        0 as cost_fen,
        0 as credited_fen,
        reported_at as moved_at
    from whereabouts
    where card_defect_row_id is not null and fulfilment_row_id is not null
    union all
    select
        'credited' as kind,
        batch_credit_row_id as subject_row_id,
        cast(null as bigint) as card_row_id,
        batch_row_id as card_batch_row_id,
        cast(null as timestamp with time zone) as expires_at,
        cast(null as {{ dbt.type_string() }}) as fulfilment_key,
        cast(null as bigint) as order_item_row_id,
        0 as quantity_units,
        0 as cost_fen,
        amount_fen as credited_fen,
        credited_at as moved_at
    from credits

)

select
    {{ row_hash(['movements.kind', 'movements.subject_row_id']) }} as card_movement_key,
    movements.kind,
    case
        when movements.card_row_id is not null then {{ row_hash(["'card'", 'movements.card_row_id']) }}
    end as card_key,
    batches.card_batch_key,
    skus.sku_key,
    products.product_key,
    suppliers.supplier_key,
    coalesce(suppliers.name, nullif(batches.supplier_name, '')) as supplier_name,
    bought_over.channel_key,
    order_items.order_item_id,
    movements.fulfilment_key,
    movements.expires_at,
    cast(movements.quantity_units as bigint) as quantity_units,
    cast(movements.cost_fen as bigint) as cost_fen,
    cast(movements.credited_fen as bigint) as credited_fen,
    movements.moved_at,
    {{ business_date('movements.moved_at') }} as moved_date
from movements
inner join batches on movements.card_batch_row_id = batches.card_batch_row_id
inner join skus on batches.sku_row_id = skus.sku_row_id
inner join products on skus.product_row_id = products.product_row_id
left join suppliers on batches.supplier_row_id = suppliers.supplier_row_id
left join bought_over on movements.card_row_id = bought_over.card_row_id
left join order_items on movements.order_item_row_id = order_items.order_item_row_id
