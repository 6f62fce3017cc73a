with build as (

    select as_of_date from {{ source('meta', 'build_context') }}

),

dated as (

    select {{ business_date('ordered_at') }} as seen_date from {{ ref('stg_shop__orders') }}
    union all
    select ledger_date as seen_date from {{ ref('stg_shop__ledger_transactions') }}

),

bounds as (

    select
        min(dated.seen_date) as first_date,
        case when max(dated.seen_date) > max(build.as_of_date) then max(dated.seen_date) else max(build.as_of_date) end
            as last_date
    from dated
    cross join build

),

digits as (

    {% for digit in range(10) -%}
    select {{ digit }} as digit
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

-- 100,000 days are 273 years.
days as (

    select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit + 10000 * myriads.digit as n
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as myriads

),

dates as (

    select cast({{ dbt.dateadd('day', 'days.n', 'bounds.first_date') }} as date) as date_day
    from bounds
    inner join days on days.n <= {{ days_between('bounds.first_date', 'bounds.last_date') }}

)

select
    date_day,
    cast({{ dbt.date_trunc('week', 'date_day') }} as date) as week_start_date,
    cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
    cast({{ dbt.date_trunc('quarter', 'date_day') }} as date) as quarter_start_date,
    cast({{ dbt.date_trunc('year', 'date_day') }} as date) as year_start_date
from dates
