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
        coalesce(
            sum(case when level_units > 0 and to_at > from_at then {{ seconds_between('from_at', 'to_at') }} else 0 end), 0
        ) / 86400 as in_stock_days
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

dispersed as (

    select
        exposed.*,
        case
            when exposed.demanded_units > 0 and exposed.in_stock_days > 1
                then greatest(
                    1.0,
                    (clumps.squares - {{ as_double('exposed.demanded_units') }} * exposed.demanded_units / exposed.in_stock_days)
                    / (exposed.in_stock_days - 1)
                    / ({{ as_double('exposed.demanded_units') }} / exposed.in_stock_days)
                )
            else 1.0
        end as dispersion
    from exposed
    left join clumps on exposed.sku_key = clumps.sku_key

),

rates as (

    select
        dispersed.*,
        demanded_units >= {{ fewest_units }} and in_stock_days >= {{ shortest_days }} as is_judged,
        {{ as_double('demanded_units') }} / dispersion as clumps_sold
    from dispersed

),

bounded as (

    select
        rates.*,
        case when is_judged then {{ as_double('demanded_units') }} / in_stock_days end as units_per_day,
        case when is_judged then {{ poisson_lo('clumps_sold') }} * dispersion / in_stock_days end as units_per_day_lo,
        case when is_judged then {{ poisson_hi('clumps_sold') }} * dispersion / in_stock_days end as units_per_day_hi
    from rates

),

covered as (

    select
        bounded.*,
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
    {% for bound in ['', '_lo', '_hi'] -%}
    case
        when covered.stock_units > 0 and covered.cover_days{{ bound }} < 3650
            then cast({{ dbt.dateadd('day', 'cast(round(covered.cover_days' ~ bound ~ ') as bigint)', 'build.source_date') }} as date)
    end as stock_out_date{{ bound }}{{ ',' if not loop.last }}
    {% endfor -%}
from covered
cross join build
