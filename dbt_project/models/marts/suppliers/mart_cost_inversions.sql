with costs as (

    select * from {{ ref('fct_offer_prices') }}
    where state = 'active' and unit_cost_fen is not null

),

skus as (

    select * from {{ ref('stg_shop__skus') }}

),

prices as (

    select
        skus.sku_key,
        prices.list_price_fen,
        prices.valid_from_at,
        lead(prices.valid_from_at) over (
            partition by prices.sku_row_id order by prices.valid_from_at, prices.price_row_id
        ) as valid_to_at
    from {{ ref('stg_shop__prices') }} as prices
    inner join skus on prices.sku_row_id = skus.sku_row_id

),

-- Of the whole shop where sku_key is null.
policies as (

    select
        skus.sku_key,
        policies.floor_margin_fen,
        policies.floor_margin_per_myriad,
        policies.follows_shop,
        policies.created_at,
        lead(policies.created_at) over (
            partition by policies.sku_row_id order by policies.created_at, policies.routing_policy_row_id
        ) as replaced_at
    from {{ ref('stg_shop__routing_policies') }} as policies
    left join skus on policies.sku_row_id = skus.sku_row_id

),

-- Every instant at which cost, price or floor became another, inside one interval of an offer's cost.
points as (

    select
        offer_key,
        interval_no,
        valid_from_at as began_at
    from costs
    union
    select
        costs.offer_key,
        costs.interval_no,
        prices.valid_from_at as began_at
    from costs
    inner join prices on costs.sku_key = prices.sku_key
    where prices.valid_from_at > costs.valid_from_at
        and (costs.valid_to_at is null or prices.valid_from_at < costs.valid_to_at)
    union
    select
        costs.offer_key,
        costs.interval_no,
        policies.created_at as began_at
    from costs
    inner join policies on policies.sku_key is null or costs.sku_key = policies.sku_key
    where policies.created_at > costs.valid_from_at
        and (costs.valid_to_at is null or policies.created_at < costs.valid_to_at)

),

stretches as (

    select
        points.offer_key,
        points.began_at,
        costs.channel_key,
        costs.sku_key,
        costs.unit_cost_fen,
        coalesce(
            lead(points.began_at) over (partition by points.offer_key, points.interval_no order by points.began_at),
            costs.valid_to_at
        ) as ended_at
    from points
    inner join costs on points.offer_key = costs.offer_key and points.interval_no = costs.interval_no

),

weighed as (

    select
        stretches.*,
        prices.list_price_fen,
        case when own.follows_shop = false then own.floor_margin_fen else shop.floor_margin_fen end
            as floor_margin_fen,
        case when own.follows_shop = false then own.floor_margin_per_myriad else shop.floor_margin_per_myriad end
            as floor_margin_per_myriad
    from stretches
    inner join prices
        on stretches.sku_key = prices.sku_key
        and stretches.began_at >= prices.valid_from_at
        and (prices.valid_to_at is null or stretches.began_at < prices.valid_to_at)
    left join policies as own
        on stretches.sku_key = own.sku_key
        and stretches.began_at >= own.created_at
        and (own.replaced_at is null or stretches.began_at < own.replaced_at)
    left join policies as shop
        on shop.sku_key is null
        and stretches.began_at >= shop.created_at
        and (shop.replaced_at is null or stretches.began_at < shop.replaced_at)

),

floored as (

    select
        weighed.*,
        greatest(
            coalesce(weighed.floor_margin_fen, 0),
            cast(
                ceil({{ as_double('weighed.list_price_fen * coalesce(weighed.floor_margin_per_myriad, 0)') }} / 10000)
                as bigint
            )
        ) as floor_fen
    from weighed

),

inverted as (

    select * from floored
    where unit_cost_fen > list_price_fen - floor_fen

),

bought as (

    select
        inverted.offer_key,
        inverted.began_at,
        count(*) as code_count,
        sum(case when purchases.cost_fen > purchases.net_price_fen then 1 else 0 end) as loss_count,
        sum(greatest(purchases.cost_fen - purchases.net_price_fen, 0)) as loss_fen
    from inverted
    inner join {{ ref('fct_supplier_purchases') }} as purchases
        on inverted.offer_key = purchases.offer_key
        and inverted.began_at <= purchases.created_at
        and (inverted.ended_at is null or inverted.ended_at > purchases.created_at)
    where purchases.has_code
    group by inverted.offer_key, inverted.began_at

)

select
    inverted.offer_key,
    inverted.began_at,
    inverted.ended_at,
    inverted.ended_at is null as is_current,
    inverted.channel_key,
    inverted.sku_key,
    channels.code as channel_code,
    dim_skus.code as sku_code,
    inverted.unit_cost_fen,
    inverted.list_price_fen,
    cast(inverted.floor_fen as bigint) as floor_fen,
    cast(inverted.unit_cost_fen + inverted.floor_fen - inverted.list_price_fen as bigint) as shortfall_fen,
    inverted.unit_cost_fen > inverted.list_price_fen as is_below_cost,
    coalesce(bought.code_count, 0) as code_count,
    cast(coalesce(bought.loss_count, 0) as bigint) as loss_count,
    cast(coalesce(bought.loss_fen, 0) as bigint) as loss_fen
from inverted
left join bought on inverted.offer_key = bought.offer_key and inverted.began_at = bought.began_at
inner join {{ ref('dim_channels') }} as channels on inverted.channel_key = channels.channel_key
inner join {{ ref('dim_skus') }} as dim_skus on inverted.sku_key = dim_skus.sku_key
