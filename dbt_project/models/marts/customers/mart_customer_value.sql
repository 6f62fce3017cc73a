with occasions as (

    select * from {{ ref('int_repurchase_intervals') }}
    where scope = 'all'

),

order_items as (

    select * from {{ ref('fct_order_items') }}

),

computed as (

    select * from {{ ref('stg_computed__customer_values') }}

),

customers as (

    select
        customer_key,
        as_of_date,
        min(occasion_date) as first_occasion_date,
        max(occasion_date) as last_occasion_date,
        count(*) as n_occasions
    from occasions
    group by customer_key, as_of_date

),

sales as (

    select
        customers.customer_key,
        sum(order_items.net_sales_fen) as net_sales_fen,
        sum(order_items.cm2_fen) as cm2_fen
    from customers
    inner join order_items
        on customers.customer_key = order_items.customer_key
        and customers.as_of_date >= order_items.ordered_date
    group by customers.customer_key

),

behaviour as (

    select
        customers.customer_key,
        customers.as_of_date,
        customers.first_occasion_date,
        customers.last_occasion_date,
        {{ days_between('customers.last_occasion_date', 'customers.as_of_date') }} as recency_days,
        customers.n_occasions,
        cast(sales.net_sales_fen as bigint) as net_sales_fen,
        cast(sales.cm2_fen as bigint) as cm2_fen
    from customers
    inner join sales on customers.customer_key = sales.customer_key

),

ranked as (

    select
        *,
        rank() over (order by recency_days desc) as recency_rank,
        rank() over (order by n_occasions) as frequency_rank,
        rank() over (order by net_sales_fen) as monetary_rank,
        count(*) over () as n_customers
    from behaviour

),

scored as (

    select
        *,
        {{ quintile_score('recency_rank', 'n_customers') }} as recency_score,
        {{ quintile_score('frequency_rank', 'n_customers') }} as frequency_score,
        {{ quintile_score('monetary_rank', 'n_customers') }} as monetary_score
    from ranked

)

select
    scored.customer_key,
    scored.as_of_date,
    scored.first_occasion_date,
    scored.last_occasion_date,
    scored.recency_days,
    scored.n_occasions,
    scored.net_sales_fen,
    scored.cm2_fen,
    scored.recency_score,
    scored.frequency_score,
    scored.monetary_score,
    case
        when scored.recency_score >= 4 and scored.n_occasions = 1 then 'new'
        when scored.recency_score >= 4 and scored.frequency_score >= 4 and scored.monetary_score >= 4 then 'champion'
        when scored.recency_score >= 3 and scored.frequency_score >= 4 then 'loyal'
        when scored.recency_score >= 3 then 'active'
        when scored.frequency_score >= 4 and scored.monetary_score >= 4 then 'must_not_lose'
        when scored.n_occasions > 1 then 'at_risk'
        else 'lost'
    end as segment,
    computed.p_alive,
    computed.expected_occasions_30_days,
    computed.expected_occasions_90_days,
    computed.expected_occasions_365_days,
    computed.expected_net_sales_per_occasion_fen,
    computed.expected_net_sales_365_days_fen,
    computed.expected_cm2_365_days_fen,
    computed.computed_at as valued_at
from scored
left join computed on scored.customer_key = computed.customer_key
