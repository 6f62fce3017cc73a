{# A rate with Wilson's interval, as `<name>`, `<name>_lo` and `<name>_hi`. #}
{% macro rate_with_interval(k, n, name) -%}
    {{ share(k, n) }} as {{ name }},
    {{ wilson_lo(k, n) }} as {{ name }}_lo,
    {{ wilson_hi(k, n) }} as {{ name }}_hi
{%- endmacro %}


{# The value that a share of the values lies at or below; null without any. #}
{% macro quantile_of(expression, share) -%}
    percentile_disc({{ share }}) within group (order by {{ expression }})
{%- endmacro %}


{# A query with what a scorecard needs by period and `keys`, columns of fct_supplier_purchases.

   What good units cost in all is held against their list cost, so that a dear good is no luck and a cheap one no skill:
   a ratio of sums over purchases, of which each costs x and brings goods of list cost h, none where it failed. Its
   variance is Cochran's (Sampling Techniques, 1977, §6.4). Where hardly anything was lost yet a sample says too little
   of what can be, so that, as Agresti and Coull (1998) do for a rate, the interval adds four purchases at the mean list
   cost: two that lost it and two that brought a good. #}
{% macro scorecard(keys) %}
with purchases as (

    select
        *,
        case when is_good then 1 else 0 end as good_units,
        case when is_good then listed_fen else 0 end as good_fen
    from {{ ref('fct_supplier_purchases') }}
    where supplier_key is not null

),

prices as (

    select
        *,
        {{ business_date('valid_from_at') }} as changed_date
    from {{ ref('fct_offer_prices') }}
    where change_share <> 0

),

clock as (

    select {{ business_date('source_instant') }} as today from {{ source('meta', 'build_context') }}

),

periods as (

    select 'all' as period, cast(null as bigint) as days
    union all
    select 'last_90_days' as period, 90 as days
    union all
    select 'last_30_days' as period, 30 as days

),

summed as (

    select
        periods.period,
        {% for key in keys %}purchases.{{ key }},{% endfor %}
        count(*) as n_purchases,
        sum(case when purchases.is_ended then 1 else 0 end) as n_ended,
        sum(case when purchases.has_code then 1 else 0 end) as n_codes,
        sum(case when purchases.is_defective then 1 else 0 end) as n_defective,
        sum(case when purchases.was_written_off then 1 else 0 end) as n_ended_unknown,
        count(purchases.seconds_to_money_back) as n_money_back,
        sum(purchases.good_units) as good_units,
        sum(case when purchases.has_code then purchases.cost_fen else 0 end) as cost_of_successes_fen,
        sum(purchases.unrecovered_fen) as unrecovered_fen,
        sum(purchases.replacement_fen) as replacement_fen,
        sum(purchases.credited_fen) as credited_fen,
        sum(purchases.borne_fen) as borne_fen,
        sum(purchases.good_fen) as good_fen,
        sum({{ as_double('purchases.borne_fen') }} * purchases.borne_fen) as sum_xx,
        sum({{ as_double('purchases.borne_fen') }} * purchases.good_fen) as sum_xh,
        sum({{ as_double('purchases.good_fen') }} * purchases.good_fen) as sum_hh,
        {{ quantile_of('case when purchases.has_code then purchases.seconds_to_end end', 0.5) }} as code_p50_seconds,
        {{ quantile_of('case when purchases.has_code then purchases.seconds_to_end end', 0.95) }} as code_p95_seconds,
        {{ quantile_of('case when purchases.has_code then purchases.seconds_to_end end', 0.99) }} as code_p99_seconds,
        {{ quantile_of('purchases.seconds_to_money_back', 0.5) }} as money_back_p50_seconds,
        {{ quantile_of('purchases.seconds_to_money_back', 0.95) }} as money_back_p95_seconds
    from purchases
    cross join clock
    inner join periods
        on periods.days is null or {{ days_between('purchases.created_date', 'clock.today') }} < periods.days
    group by periods.period{% for key in keys %}, purchases.{{ key }}{% endfor %}

),

moves as (

    select
        periods.period,
        {% for key in keys %}prices.{{ key }},{% endfor %}
        count(*) as n_price_changes
    from prices
    cross join clock
    inner join periods
        on periods.days is null
        or {{ days_between('prices.changed_date', 'clock.today') }} < periods.days
    group by periods.period{% for key in keys %}, prices.{{ key }}{% endfor %}

),

ratios as (

    select
        summed.*,
        coalesce(moves.n_price_changes, 0) as n_price_changes,
        {{ share('good_fen', 'good_units') }} as c
    from summed
    left join moves
        on summed.period = moves.period{% for key in keys %} and summed.{{ key }} = moves.{{ key }}{% endfor %}

),

-- r is the ratio with the four purchases added.
adjusted as (

    select
        ratios.*,
        (borne_fen + 4 * c) / (good_fen + 2 * c) as r,
        good_fen + 2 * c as h,
        sum_xx + 4 * c * c as xx,
        sum_xh + 2 * c * c as xh,
        sum_hh + 2 * c * c as hh,
        n_purchases + 4 as n
    from ratios

)

select
    adjusted.*,
    {{ share('borne_fen', 'good_units') }} as effective_unit_cost_fen,
    case
        when good_units >= 30
            then {{ z95() }} / h * sqrt(greatest(xx - 2 * r * xh + r * r * hh, 0) * n / {{ as_double('n - 1') }})
    end as margin
from adjusted
{% endmacro %}


{# The columns of a scorecard behind its keys. #}
{% macro scorecard_columns() -%}
    cast(scored.n_purchases as bigint) as n_purchases,
    cast(scored.n_ended as bigint) as n_ended,
    cast(scored.n_codes as bigint) as n_codes,
    cast(scored.good_units as bigint) as good_units,
    cast(scored.cost_of_successes_fen as bigint) as cost_of_successes_fen,
    cast(scored.unrecovered_fen as bigint) as unrecovered_fen,
    cast(scored.replacement_fen as bigint) as replacement_fen,
    cast(scored.credited_fen as bigint) as credited_fen,
    scored.c as list_unit_cost_fen,
    scored.effective_unit_cost_fen,
    (scored.r - scored.margin) * scored.c as effective_unit_cost_lo_fen,
    (scored.r + scored.margin) * scored.c as effective_unit_cost_hi_fen,
    scored.effective_unit_cost_fen / scored.c as effective_to_list,
    scored.r - scored.margin as effective_to_list_lo,
    scored.r + scored.margin as effective_to_list_hi,
    {{ rate_with_interval('scored.n_codes', 'scored.n_ended', 'success_rate') }},
    {{ rate_with_interval('scored.n_defective', 'scored.n_codes', 'defect_rate') }},
    {{ rate_with_interval('scored.n_ended_unknown', 'scored.n_ended', 'unknown_rate') }},
    scored.code_p50_seconds,
    scored.code_p95_seconds,
    scored.code_p99_seconds,
    cast(scored.n_money_back as bigint) as n_money_back,
    {{ as_double('scored.money_back_p50_seconds') }} / 86400 as refund_lag_p50_days,
    {{ as_double('scored.money_back_p95_seconds') }} / 86400 as refund_lag_p95_days,
    cast(scored.n_price_changes as bigint) as n_price_changes
{%- endmacro %}
