with observations as (

    select
        *,
        row_number() over (partition by offer_row_id order by observed_at, offer_observation_row_id) as place
    from {{ ref('stg_shop__offer_observations') }}

),

-- Stock changes, too: an observation begins an interval only where price or state are other than before.
begun as (

    select observations.*
    from observations
    left join observations as earlier
        on observations.offer_row_id = earlier.offer_row_id and observations.place = earlier.place + 1
    where earlier.offer_row_id is null
        or observations.state <> earlier.state
        or observations.currency <> earlier.currency
        or coalesce(observations.unit_cost, -1) <> coalesce(earlier.unit_cost, -1)

),

ordered as (

    select
        begun.*,
        {{ business_date('begun.observed_at') }} as observed_date,
        row_number() over (partition by begun.offer_row_id order by begun.place) as interval_no,
        lead(begun.observed_at) over (partition by begun.offer_row_id order by begun.place) as valid_to_at
    from begun

),

offers as (

    select * from {{ ref('stg_shop__offers') }}

),

channels as (

    select * from {{ ref('stg_shop__supply_channels') }}

),

skus as (

    select * from {{ ref('stg_shop__skus') }}

),

shop as (

    select * from {{ source('meta', 'build_context') }}

),

rates as (

    select
        currency,
        rate,
        rate_date,
        row_number() over (partition by currency, rate_date order by exchange_rate_row_id desc) as recency
    from {{ ref('stg_shop__exchange_rates') }}

),

days as (

    select
        currency,
        rate,
        rate_date,
        lead(rate_date) over (partition by currency order by rate_date) as next_rate_date
    from rates
    where recency = 1

),

priced as (

    select
        offers.offer_key,
        ordered.interval_no,
        channels.channel_key,
        skus.sku_key,
        offers.supplier_sku,
        ordered.observed_at as valid_from_at,
        ordered.valid_to_at,
        ordered.state,
        ordered.state_reason,
        ordered.source,
        ordered.unit_cost,
        ordered.currency,
        case when ordered.currency = shop.currency then 1 else days.rate end as exchange_rate,
        {{ in_minor_units('ordered.unit_cost', 'ordered.currency', 'shop.currency', 'days.rate') }} as unit_cost_fen
    from ordered
    inner join offers on ordered.offer_row_id = offers.offer_row_id
    inner join channels on offers.channel_row_id = channels.channel_row_id
    inner join skus on offers.sku_row_id = skus.sku_row_id
    cross join shop
    left join days
        on ordered.currency = days.currency
        and ordered.observed_date >= days.rate_date
        and (days.next_rate_date is null or ordered.observed_date < days.next_rate_date)

)

select
    priced.offer_key,
    cast(priced.interval_no as bigint) as interval_no,
    priced.channel_key,
    priced.sku_key,
    priced.supplier_sku,
    priced.valid_from_at,
    priced.valid_to_at,
    priced.valid_to_at is null as is_current,
    priced.state,
    priced.state_reason,
    priced.source,
    priced.unit_cost,
    priced.currency,
    cast(priced.exchange_rate as decimal(18, 8)) as exchange_rate,
    priced.unit_cost_fen,
    earlier.unit_cost_fen as previous_unit_cost_fen,
    priced.unit_cost_fen - earlier.unit_cost_fen as change_fen,
    case
        when priced.currency = earlier.currency
            then {{ share('priced.unit_cost - earlier.unit_cost', 'earlier.unit_cost') }}
    end as change_share
from priced
left join priced as earlier
    on priced.offer_key = earlier.offer_key and priced.interval_no = earlier.interval_no + 1
