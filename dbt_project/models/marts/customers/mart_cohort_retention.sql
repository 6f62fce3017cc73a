{% set longest_months = 600 %}

with build as (

    select
        as_of_date,
        {{ business_date('source_instant') }} as source_date
    from {{ source('meta', 'build_context') }}

),

occasions as (

    select
        customer_key,
        {{ month_of('occasion_date') }} as active_month,
        min({{ month_of('occasion_date') }}) over (partition by customer_key) as cohort_month
    from {{ ref('int_repurchase_intervals') }}
    where scope = 'all'

),

cohorts as (

    select
        cohort_month,
        count(distinct customer_key) as n_customers
    from occasions
    group by cohort_month

),

-- Every month since the first one has a row, also one in which nobody came back.
month_numbers as (

    select
        cast(generated_number - 1 as integer) as n_months,
        cast(generated_number as integer) as n_to_next
    from ({{ dbt.generate_series(longest_months) }}) as series

),

cohort_months as (

    select
        cohorts.cohort_month,
        cohorts.n_customers,
        cast(month_numbers.n_months as bigint) as months_since,
        cast({{ dbt.dateadd('month', 'month_numbers.n_months', 'cohorts.cohort_month') }} as date) as active_month,
        cast({{ dbt.dateadd('month', 'month_numbers.n_to_next', 'cohorts.cohort_month') }} as date) as next_month,
        build.as_of_date,
        build.source_date
    from cohorts
    cross join build
    inner join month_numbers
        on month_numbers.n_months <= {{ months_between('cohorts.cohort_month', 'build.as_of_date') }}

),

retained as (

    select
        cohort_month,
        active_month,
        count(distinct customer_key) as n_retained_customers
    from occasions
    group by cohort_month, active_month

),

members as (

    select distinct
        customer_key,
        cohort_month
    from occasions

),

sales as (

    select
        members.cohort_month,
        {{ month_of('order_items.ordered_date') }} as active_month,
        sum(order_items.net_sales_fen) as net_sales_fen,
        sum(order_items.cm3_fen) as cm3_fen
    from {{ ref('fct_order_items') }} as order_items
    inner join members on order_items.customer_key = members.customer_key
    cross join build
    where order_items.ordered_date <= build.as_of_date
    group by members.cohort_month, {{ month_of('order_items.ordered_date') }}

),

joined as (

    select
        cohort_months.cohort_month,
        cohort_months.months_since,
        cohort_months.active_month,
        cohort_months.as_of_date,
        cohort_months.n_customers,
        coalesce(retained.n_retained_customers, 0) as n_retained_customers,
        -- The as-of date must be the month's last day or later, and that day must be over in the source.
        {{ days_between('cohort_months.as_of_date', 'cohort_months.next_month') }} <= 1
        and cohort_months.next_month <= cohort_months.source_date as is_complete,
        cast(coalesce(sales.net_sales_fen, 0) as bigint) as net_sales_fen,
        cast(coalesce(sales.cm3_fen, 0) as bigint) as cm3_fen
    from cohort_months
    left join retained
        on cohort_months.cohort_month = retained.cohort_month
        and cohort_months.active_month = retained.active_month
    left join sales
        on cohort_months.cohort_month = sales.cohort_month
        and cohort_months.active_month = sales.active_month

)

select
    cohort_month,
    months_since,
    active_month,
    as_of_date,
    is_complete,
    n_customers,
    n_retained_customers,
    case when is_complete then {{ share('n_retained_customers', 'n_customers') }} end as retained_share,
    net_sales_fen,
    cm3_fen,
    cast(
        sum(cm3_fen) over (
            partition by cohort_month order by months_since rows between unbounded preceding and current row
        ) as bigint
    ) as cumulative_cm3_fen
from joined
