{% set bands = [[0, 7], [8, 30], [31, 90], [91, 180], [181, 365], [366, none]] %}

with movements as (

    select * from {{ ref('fct_card_movements') }}

),

build as (

    select
        source_instant,
        {{ business_date('source_instant') }} as source_date
    from {{ source('meta', 'build_context') }}

),

gone as (

    select card_key
    from movements
    where quantity_units < 0

),

stock as (

    select
        sku_key,
        sum(quantity_units) as stock_units
    from movements
    group by sku_key

),

-- Newest first: if the oldest were always sold first, the newest ones would be what is left.
bought as (

    select
        movements.sku_key,
        movements.product_key,
        movements.cost_fen,
        movements.expires_at,
        {{ days_between('movements.moved_date', 'build.source_date') }} as age_days,
        gone.card_key is null as is_left,
        row_number() over (
            partition by movements.sku_key order by movements.moved_at desc, movements.card_key asc
        ) <= stock.stock_units as is_left_by_fifo
    from movements
    cross join build
    inner join stock on movements.sku_key = stock.sku_key
    left join gone on movements.card_key = gone.card_key
    where movements.kind = 'bought'

),

banded as (

    select
        bought.*,
        case
            {% for band in bands if band[1] is not none -%}
            when bought.age_days <= {{ band[1] }} then {{ band[0] }}
            {% endfor -%}
            else {{ bands[-1][0] }}
        end as age_from_days,
        coalesce(bought.expires_at <= {{ dbt.dateadd('day', 30, 'build.source_instant') }}, false) as is_expiring
    from bought
    cross join build
    where bought.is_left or bought.is_left_by_fifo

)

select
    sku_key,
    product_key,
    cast(age_from_days as bigint) as age_from_days,
    case age_from_days
        {% for band in bands if band[1] is not none -%}
        when {{ band[0] }} then cast({{ band[1] }} as bigint)
        {% endfor -%}
    end as age_to_days,
    cast(sum(case when is_left_by_fifo then 1 else 0 end) as bigint) as fifo_units,
    cast(coalesce(sum(case when is_left_by_fifo then cost_fen end), 0) as bigint) as fifo_cost_fen,
    cast(sum(case when is_left then 1 else 0 end) as bigint) as stock_units,
    cast(coalesce(sum(case when is_left then cost_fen end), 0) as bigint) as stock_cost_fen,
    cast(sum(case when is_left and cost_fen is null then 1 else 0 end) as bigint) as unknown_cost_units,
    cast(sum(case when is_left and is_expiring then 1 else 0 end) as bigint) as expiring_units
from banded
group by sku_key, product_key, age_from_days
