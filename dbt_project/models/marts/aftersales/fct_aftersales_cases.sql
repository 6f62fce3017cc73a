with cases as (

    select * from {{ ref('stg_shop__aftersales_cases') }}

),

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

customers as (

    select * from {{ ref('stg_shop__customers') }}

),

units as (

    select
        aftersales_case_row_id,
        count(*) as n_units
    from {{ ref('stg_shop__aftersales_case_units') }}
    group by aftersales_case_row_id

),

decisions as (

    select
        aftersales_resolution_row_id,
        count(*) as n_units
    from {{ ref('stg_shop__aftersales_decisions') }}
    group by aftersales_resolution_row_id

),

resolved as (

    select
        resolutions.aftersales_case_row_id,
        min(resolutions.decided_at) as first_decided_at,
        {% for kind in ('refund', 'replace', 'goodwill', 'reject') -%}
        sum(case when resolutions.kind = '{{ kind }}' then decisions.n_units else 0 end) as {{ kind }}_units,
        {% endfor -%}
        sum(case when resolutions.kind = 'refund' then resolutions.amount_fen else 0 end) as refund_fen,
        sum(case when resolutions.kind = 'goodwill' then resolutions.amount_fen else 0 end) as goodwill_fen,
        sum(case when resolutions.staff_row_id is null then 0 else 1 end) as n_by_staff
    from {{ ref('stg_shop__aftersales_resolutions') }} as resolutions
    left join decisions on resolutions.aftersales_resolution_row_id = decisions.aftersales_resolution_row_id
    group by resolutions.aftersales_case_row_id

)

select
    cases.aftersales_case_key,
    orders.order_id,
    customers.customer_key,
    cases.reason,
    cases.reason in {{ fault_reasons() }} as is_fault,
    cases.state,
    coalesce(units.n_units, 0) as n_units,
    cast(coalesce(resolved.refund_units, 0) as bigint) as refund_units,
    cast(coalesce(resolved.replace_units, 0) as bigint) as replace_units,
    cast(coalesce(resolved.goodwill_units, 0) as bigint) as goodwill_units,
    cast(coalesce(resolved.reject_units, 0) as bigint) as reject_units,
    cast(coalesce(resolved.refund_fen, 0) as bigint) as refund_fen,
    cast(coalesce(resolved.goodwill_fen, 0) as bigint) as goodwill_fen,
    resolved.n_by_staff = 0 as is_decided_by_rule,
    cases.opened_at,
    {{ business_date('cases.opened_at') }} as opened_date,
    resolved.first_decided_at,
    cases.closed_at,
    {{ seconds_between('cases.opened_at', 'resolved.first_decided_at') }} as decision_seconds
from cases
inner join orders on cases.order_row_id = orders.order_row_id
inner join customers on cases.customer_row_id = customers.customer_row_id
left join units on cases.aftersales_case_row_id = units.aftersales_case_row_id
left join resolved on cases.aftersales_case_row_id = resolved.aftersales_case_row_id
