{% set horizons_days = [30, 60, 90, 365] %}
{% set quartiles = {'q25': '0.75', 'median': '0.50', 'q75': '0.25'} %}

with intervals as (

    select * from {{ ref('int_repurchase_intervals') }}

),

curve as (

    select * from {{ ref('mart_repurchase_curve') }}

),

counts as (

    select
        scope,
        scope_value,
        as_of_date,
        count(distinct customer_key) as n_customers,
        count(*) as n_occasions,
        cast(sum(completed) as bigint) as n_intervals,
        max(t_days) as longest_days
    from intervals
    group by scope, scope_value, as_of_date

),

naive as (

    select
        scope,
        scope_value,
        percentile_cont(0.5) within group (order by t_days) as naive_median_days
    from intervals
    where completed = 1
    group by scope, scope_value

),

-- Exact ties break in ln and exp, hence the tolerance.
quartiles as (

    select
        {% for name, level in quartiles.items() -%}
        min(case when survival <= {{ level }} + 1e-12 then t_days end) as km_{{ name }}_days,
        min(case when survival_lo <= {{ level }} + 1e-12 then t_days end) as km_{{ name }}_days_lo,
        min(case when survival_hi <= {{ level }} + 1e-12 then t_days end) as km_{{ name }}_days_hi,
        {% endfor -%}
        scope,
        scope_value
    from curve
    group by scope, scope_value

),

{% for days in horizons_days -%}
last_within_{{ days }} as (

    select
        scope,
        scope_value,
        max(t_days) as t_days
    from curve
    where n_events > 0 and t_days <= {{ days }}
    group by scope, scope_value

),

within_{{ days }} as (

    select
        curve.scope,
        curve.scope_value,
        curve.survival,
        curve.survival_lo,
        curve.survival_hi
    from curve
    inner join last_within_{{ days }} as last_event
        on curve.scope = last_event.scope
        and curve.scope_value = last_event.scope_value
        and curve.t_days = last_event.t_days

),

{% endfor -%}
final as (

    select
        counts.scope,
        counts.scope_value,
        counts.as_of_date,
        counts.n_customers,
        counts.n_occasions,
        counts.n_intervals,
        {% for name in quartiles -%}
        quartiles.km_{{ name }}_days,
        quartiles.km_{{ name }}_days_lo,
        quartiles.km_{{ name }}_days_hi,
        {% endfor -%}
        {% for days in horizons_days -%}
        -- Nobody was watched for so long: the probability is not known, unless all had come back before.
        case
            when counts.longest_days >= {{ days }} or within_{{ days }}.survival = 0
                then 1 - coalesce(within_{{ days }}.survival, 1)
        end as km_p{{ days }},
        case when counts.longest_days >= {{ days }} then 1 - within_{{ days }}.survival_hi end as km_p{{ days }}_lo,
        case when counts.longest_days >= {{ days }} then 1 - within_{{ days }}.survival_lo end as km_p{{ days }}_hi,
        {% endfor -%}
        naive.naive_median_days,
        case when counts.scope = 'occasion_number' then 'greenwood' else 'clustered' end as interval_method
    from counts
    left join quartiles on counts.scope = quartiles.scope and counts.scope_value = quartiles.scope_value
    {% for days in horizons_days -%}
    left join within_{{ days }}
        on counts.scope = within_{{ days }}.scope and counts.scope_value = within_{{ days }}.scope_value
    {% endfor -%}
    left join naive on counts.scope = naive.scope and counts.scope_value = naive.scope_value

)

select * from final
