-- Kaplan–Meier over every scope at once. The variance of ln S(t) is the infinitesimal jackknife clustered by customer
-- (docs/decisions/clustered-repurchase-intervals.md); with one interval a customer it is Greenwood's, exactly.
with intervals as (

    select scope, scope_value, customer_key, occasion_number, t_days, completed
    from {{ ref('int_repurchase_intervals') }}
    -- Censored on the day of the occasion: nothing was watched.
    where t_days > 0

),

at_t as (

    select
        scope,
        scope_value,
        t_days,
        sum(completed) as n_events,
        count(*) as n_ended
    from intervals
    group by scope, scope_value, t_days

),

risk as (

    select
        scope,
        scope_value,
        t_days,
        cast(n_events as bigint) as n_events,
        cast(
            sum(n_ended) over (
                partition by scope, scope_value order by t_days desc rows between unbounded preceding and current row
            ) as bigint
        ) as n_at_risk
    from at_t

),

steps as (

    select
        scope,
        scope_value,
        t_days,
        n_events,
        n_at_risk,
        case when n_events = n_at_risk then 1 else 0 end as ends_all,
        case
            when n_events = n_at_risk then {{ as_double(0) }}
            else ln({{ as_double(1) }} - {{ as_double('n_events') }} / {{ as_double('n_at_risk') }})
        end as ln_step,
        case
            when n_events = n_at_risk then {{ as_double(0) }}
            else {{ as_double('n_events') }} / ({{ as_double('n_at_risk') }} * {{ as_double('n_at_risk - n_events') }})
        end as greenwood_step,
        case
            when n_events = n_at_risk then {{ as_double(0) }}
            else {{ as_double(1) }} / {{ as_double('n_at_risk - n_events') }}
        end as event_weight
    from risk

),

curve as (

    select
        scope,
        scope_value,
        t_days,
        n_events,
        n_at_risk,
        event_weight,
        max(ends_all) over (
            partition by scope, scope_value order by t_days rows between unbounded preceding and current row
        ) as reached_zero,
        sum(ln_step) over (
            partition by scope, scope_value order by t_days rows between unbounded preceding and current row
        ) as ln_s,
        sum(greenwood_step) over (
            partition by scope, scope_value order by t_days rows between unbounded preceding and current row
        ) as greenwood
    from steps

),

-- What a customer's own intervals that have ended add to the customer's influence on ln S.
influences as (

    select
        intervals.scope,
        intervals.scope_value,
        intervals.customer_key,
        intervals.t_days,
        curve.greenwood - {{ as_double('intervals.completed') }} * curve.event_weight as ended_step,
        row_number() over (
            partition by intervals.scope, intervals.scope_value, intervals.customer_key
            order by intervals.t_days, intervals.occasion_number
        ) as n_ended,
        count(*) over (
            partition by intervals.scope, intervals.scope_value, intervals.customer_key
        ) as n_intervals
    from intervals
    inner join curve
        on intervals.scope = curve.scope
        and intervals.scope_value = curve.scope_value
        and intervals.t_days = curve.t_days

),

running as (

    select
        scope,
        scope_value,
        t_days,
        ended_step,
        {{ as_double('n_intervals - n_ended') }} as still_running,
        sum(ended_step) over (
            partition by scope, scope_value, customer_key
            order by n_ended rows between unbounded preceding and current row
        ) as ended
    from influences

),

-- With A = ended and R = still running of each customer, V(t) = ΣA² + 2·G(t)·ΣA·R + G(t)²·ΣR². The three sums change
-- only where an interval ends, so running totals of the changes give them at every t.
changes as (

    select
        scope,
        scope_value,
        t_days,
        sum(ended * ended - (ended - ended_step) * (ended - ended_step)) as change_aa,
        sum(ended * still_running - (ended - ended_step) * (still_running + 1)) as change_ar,
        sum((still_running + 1) * (still_running + 1) - still_running * still_running) as drop_rr
    from running
    group by scope, scope_value, t_days

),

sums as (

    select
        scope,
        scope_value,
        t_days,
        sum(change_aa) over (
            partition by scope, scope_value order by t_days rows between unbounded preceding and current row
        ) as sum_aa,
        sum(change_ar) over (
            partition by scope, scope_value order by t_days rows between unbounded preceding and current row
        ) as sum_ar,
        -- ΣR² is what is still to drop after t.
        sum(drop_rr) over (
            partition by scope, scope_value order by t_days desc rows between unbounded preceding and current row
        ) - drop_rr as sum_rr
    from changes

),

variances as (

    select
        curve.scope,
        curve.scope_value,
        curve.t_days,
        curve.n_at_risk,
        curve.n_events,
        curve.ln_s,
        curve.reached_zero,
        sums.sum_aa + 2 * curve.greenwood * sums.sum_ar + curve.greenwood * curve.greenwood * sums.sum_rr as variance
    from curve
    inner join sums
        on curve.scope = sums.scope
        and curve.scope_value = sums.scope_value
        and curve.t_days = sums.t_days

),

-- Half the width of the band of ln(−ln S); a variance below zero is rounding.
bands as (

    select
        scope,
        scope_value,
        t_days,
        n_at_risk,
        n_events,
        ln_s,
        reached_zero,
        case
            when reached_zero = 0 and ln_s < 0
                then
                    {{ as_double('1.959963984540054') }}
                    * sqrt(case when variance > 0 then variance else 0 end)
                    / (-ln_s)
        end as half_width
    from variances

)

select
    scope,
    scope_value,
    t_days,
    n_at_risk,
    n_events,
    case when reached_zero = 1 then {{ as_double(0) }} else exp(ln_s) end as survival,
    exp(ln_s * exp(half_width)) as survival_lo,
    exp(ln_s * exp(-half_width)) as survival_hi
from bands
