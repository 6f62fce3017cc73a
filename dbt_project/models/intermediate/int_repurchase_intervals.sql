{% set last_occasion_number = 10 %}

with build as (

    select as_of_date from {{ source('meta', 'build_context') }}

),

order_items as (

    select
        order_items.customer_key,
        customers.acquisition_channel,
        order_items.category_slug,
        order_items.ordered_date,
        build.as_of_date
    from {{ ref('int_order_items') }} as order_items
    inner join {{ ref('stg_shop__customers') }} as customers on order_items.customer_key = customers.customer_key
    cross join build
    where order_items.order_state not in ('pending_payment', 'cancelled')
        and order_items.ordered_date <= build.as_of_date

),

-- Orders of one customer and business date are one occasion, so `union` and not `union all`.
occasions as (

    select 'all' as scope, 'all' as scope_value, customer_key, ordered_date as occasion_date, as_of_date
    from order_items
    union
    select 'category', category_slug, customer_key, ordered_date, as_of_date
    from order_items
    union
    select 'acquisition_channel', acquisition_channel, customer_key, ordered_date, as_of_date
    from order_items

),

sequenced as (

    select
        scope,
        scope_value,
        customer_key,
        as_of_date,
        occasion_date,
        row_number() over (
            partition by scope, scope_value, customer_key order by occasion_date
        ) as occasion_number,
        lead(occasion_date) over (
            partition by scope, scope_value, customer_key order by occasion_date
        ) as next_occasion_date
    from occasions

),

numbered as (

    select
        'occasion_number' as scope,
        cast(occasion_number as varchar) as scope_value,
        customer_key,
        as_of_date,
        occasion_date,
        occasion_number,
        next_occasion_date
    from sequenced
    where scope = 'all' and occasion_number <= {{ last_occasion_number }}

),

scoped as (

    select scope, scope_value, customer_key, as_of_date, occasion_date, occasion_number, next_occasion_date
    from sequenced
    union all
    select scope, scope_value, customer_key, as_of_date, occasion_date, occasion_number, next_occasion_date
    from numbered

)

select
    scope,
    scope_value,
    customer_key,
    occasion_number,
    as_of_date,
    occasion_date,
    next_occasion_date,
    {{ days_between('occasion_date', 'coalesce(next_occasion_date, as_of_date)') }} as t_days,
    case when next_occasion_date is null then 0 else 1 end as completed
from scoped
