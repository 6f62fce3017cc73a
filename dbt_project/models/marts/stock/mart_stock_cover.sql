{% set window_days = 28 %}
{% set fewest_units = 5 %}
{% set shortest_days = 7 %}

with build as (

    select
        source_instant,
        {{ dbt.dateadd('day', -window_days, 'source_instant') }} as window_start,
        {{ business_date('source_instant') }} as source_date
    from {{ source('meta', 'build_context') }}

),

moves as (

    select
        sku_key,
        product_key,
        moved_at,
        sum(quantity_units) as quantity_units,
        sum(case when kind in ('delivered', 'replacement') then 1 else 0 end) as demanded_units,
        sum(cost_fen) as cost_fen
    from {{ ref('fct_card_movements') }}
    group by sku_key, product_key, moved_at

),

levels as (

    select
        sku_key,
        product_key,
        moved_at,
        demanded_units,
        cost_fen,
        quantity_units,
        sum(quantity_units) over (partition by sku_key order by moved_at) as level_units,
        lead(moved_at) over (partition by sku_key order by moved_at) as next_moved_at
    from moves

),

clipped as (

    select
        levels.sku_key,
        levels.product_key,
        levels.quantity_units,
        levels.cost_fen,
        levels.level_units,
        case when levels.moved_at > build.window_start then levels.demanded_units else 0 end as demanded_units,
        case when levels.moved_at > build.window_start then levels.moved_at else build.window_start end as from_at,
        case
            when levels.next_moved_at < build.source_instant then levels.next_moved_at else build.source_instant
        end as to_at
    from levels
    cross join build

),

exposed as (

    select
        sku_key,
        product_key,
        cast(sum(quantity_units) as bigint) as stock_units,
        cast(coalesce(sum(cost_fen), 0) as bigint) as stock_cost_fen,
        cast(sum(demanded_units) as bigint) as demanded_units,
        sum(
            case
                when level_units > 0 and to_at > from_at
                    then {{ as_double(seconds_between('from_at', 'to_at')) }} / 86400
                else 0.0
            end
        ) as in_stock_days
    from clipped
    group by sku_key, product_key

),

-- Units that leave together are one demand: how they clump by day widens the interval.
daily as (

    select
        moves.sku_key,
        {{ business_date('moves.moved_at') }} as moved_date,
        sum(moves.demanded_units) as demanded_units
    from moves
    cross join build
    where moves.moved_at > build.window_start
    group by moves.sku_key, {{ business_date('moves.moved_at') }}

),

clumps as (

    select
        sku_key,
        sum({{ as_double('demanded_units') }} * demanded_units) as squares
    from daily
    group by sku_key

),

-- The variance of the units of a day over their mean: 1 for a Poisson count.
dispersed as (

    select
        exposed.sku_key,
        exposed.product_key,
        exposed.stock_units,
        exposed.stock_cost_fen,
        exposed.demanded_units,
        exposed.in_stock_days,
        {{ as_double('exposed.demanded_units') }} as demand,
        case
            when exposed.demanded_units > 0 and exposed.in_stock_days > 1
                then
                    (clumps.squares * exposed.in_stock_days / exposed.demanded_units - exposed.demanded_units)
                    / (exposed.in_stock_days - 1)
        end as variance_ratio
    from exposed
    left join clumps on exposed.sku_key = clumps.sku_key

),

rates as (

    select
        sku_key,
        product_key,
        stock_units,
        stock_cost_fen,
        demanded_units,
        in_stock_days,
        demand,
        case when variance_ratio > 1 then variance_ratio else 1.0 end as dispersion,
        demand / case when variance_ratio > 1 then variance_ratio else 1.0 end as clumps_sold,
        demanded_units >= {{ fewest_units }} and in_stock_days >= {{ shortest_days }} as is_judged
    from dispersed

),

bounded as (

    select
        sku_key,
        product_key,
        stock_units,
        stock_cost_fen,
        demanded_units,
        in_stock_days,
        case when is_judged then demand / in_stock_days end as units_per_day,
        case when is_judged then {{ poisson_lo('clumps_sold') }} * dispersion / in_stock_days end as units_per_day_lo,
        case when is_judged then {{ poisson_hi('clumps_sold') }} * dispersion / in_stock_days end as units_per_day_hi
    from rates

),

covered as (

    select
        sku_key,
        product_key,
        stock_units,
        stock_cost_fen,
        demanded_units,
        in_stock_days,
        units_per_day,
        units_per_day_lo,
        units_per_day_hi,
        {{ share('stock_units', 'units_per_day') }} as cover_days,
        {{ share('stock_units', 'units_per_day_hi') }} as cover_days_lo,
        {{ share('stock_units', 'units_per_day_lo') }} as cover_days_hi
    from bounded

)

select
    covered.sku_key,
    covered.product_key,
    covered.stock_units,
    covered.stock_cost_fen,
    covered.demanded_units,
    covered.in_stock_days,
    covered.units_per_day,
    covered.units_per_day_lo,
    covered.units_per_day_hi,
    covered.cover_days,
    covered.cover_days_lo,
    covered.cover_days_hi,
    {{ date_of_stock_out('covered.stock_units', 'covered.cover_days', 'build.source_date') }} as stock_out_date,
    {{ date_of_stock_out('covered.stock_units', 'covered.cover_days_lo', 'build.source_date') }} as stock_out_date_lo,
    {{ date_of_stock_out('covered.stock_units', 'covered.cover_days_hi', 'build.source_date') }} as stock_out_date_hi
from covered
cross join build
