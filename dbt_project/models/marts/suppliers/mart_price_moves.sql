with moves as (

    select * from {{ ref('fct_offer_prices') }}
    where change_share <> 0 or (change_share is null and change_fen <> 0)

),

purchases as (

    select * from {{ ref('fct_supplier_purchases') }}
    where supplier_key is not null

),

exposed as (

    select
        moves.offer_key,
        moves.interval_no,
        count(*) as purchase_count,
        sum(case when purchases.has_code then 1 else 0 end) as code_count,
        sum(
            case
                when purchases.has_code
                    then purchases.listed_fen - purchases.quantity * moves.previous_unit_cost_fen
                else 0
            end
        ) as extra_fen
    from moves
    inner join purchases
        on moves.offer_key = purchases.offer_key
        and moves.valid_from_at <= purchases.created_at
        and (moves.valid_to_at is null or moves.valid_to_at > purchases.created_at)
    group by moves.offer_key, moves.interval_no

),

channels as (

    select * from {{ ref('dim_channels') }}

),

skus as (

    select * from {{ ref('dim_skus') }}

)

select
    moves.offer_key,
    moves.interval_no,
    moves.channel_key,
    moves.sku_key,
    channels.code as channel_code,
    skus.code as sku_code,
    moves.valid_from_at as moved_at,
    {{ business_date('moves.valid_from_at') }} as moved_date,
    moves.valid_to_at as moved_again_at,
    moves.source,
    moves.state,
    moves.currency,
    moves.unit_cost,
    moves.previous_unit_cost_fen,
    moves.unit_cost_fen,
    moves.change_fen,
    moves.change_share,
    coalesce(exposed.purchase_count, 0) as purchase_count,
    cast(coalesce(exposed.code_count, 0) as bigint) as code_count,
    cast(coalesce(exposed.extra_fen, 0) as bigint) as extra_fen
from moves
left join exposed on moves.offer_key = exposed.offer_key and moves.interval_no = exposed.interval_no
inner join channels on moves.channel_key = channels.channel_key
inner join skus on moves.sku_key = skus.sku_key
