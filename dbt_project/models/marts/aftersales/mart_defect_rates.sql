{% set scopes = {
    'all': "'all'",
    'product': 'product_key',
    'supplier': 'supplier',
    'channel': 'channel_key',
    'batch': 'card_batch_key',
} %}

with fulfilments as (

    select * from {{ ref('stg_shop__fulfilments') }}
    where delivered_at is not null

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

skus as (

    select * from {{ ref('stg_shop__skus') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

first_codes as (

    select
        fulfilment_key,
        card_batch_key,
        coalesce(supplier_key, supplier_name) as supplier,
        channel_key
    from {{ ref('fct_card_movements') }}
    where kind = 'delivered'

),

purchased as (

    select
        purchases.fulfilment_row_id,
        max(suppliers.supplier_key) as supplier,
        max(channels.channel_key) as channel_key
    from {{ ref('stg_shop__purchases') }} as purchases
    inner join {{ ref('stg_shop__supply_channels') }} as channels on purchases.channel_row_id = channels.channel_row_id
    left join {{ ref('stg_shop__suppliers') }} as suppliers on channels.supplier_row_id = suppliers.supplier_row_id
    where purchases.state = 'succeeded'
    group by purchases.fulfilment_row_id

),

bad as (

    select fulfilment_row_id from {{ ref('stg_shop__card_defects') }}
    where fulfilment_row_id is not null
    union
    select fulfilment_row_id from {{ ref('stg_shop__defect_claims') }}
    where fulfilment_row_id is not null

),

in_cases as (

    select
        units.fulfilment_row_id,
        max(case when cases.reason in {{ fault_reasons() }} then 1 else 0 end) as is_fault
    from {{ ref('stg_shop__aftersales_case_units') }} as units
    inner join {{ ref('stg_shop__aftersales_cases') }} as cases
        on units.aftersales_case_row_id = cases.aftersales_case_row_id
    group by units.fulfilment_row_id

),

deliveries as (

    select
        products.product_key,
        coalesce(first_codes.supplier, purchased.supplier) as supplier,
        coalesce(first_codes.channel_key, purchased.channel_key) as channel_key,
        first_codes.card_batch_key,
        case when bad.fulfilment_row_id is null then 0 else 1 end as is_bad,
        case when in_cases.fulfilment_row_id is null then 0 else 1 end as is_in_case,
        coalesce(in_cases.is_fault, 0) as is_fault
    from fulfilments
    inner join order_items on fulfilments.order_item_row_id = order_items.order_item_row_id
    inner join skus on order_items.sku_row_id = skus.sku_row_id
    inner join products on skus.product_row_id = products.product_row_id
    left join first_codes on fulfilments.fulfilment_key = first_codes.fulfilment_key
    left join purchased on fulfilments.fulfilment_row_id = purchased.fulfilment_row_id
    left join bad on fulfilments.fulfilment_row_id = bad.fulfilment_row_id
    left join in_cases on fulfilments.fulfilment_row_id = in_cases.fulfilment_row_id

),

scoped as (

    {% for scope, value in scopes.items() -%}
    select
        cast('{{ scope }}' as {{ dbt.type_string() }}) as scope,
        cast({{ value }} as {{ dbt.type_string() }}) as scope_value,
        is_bad,
        is_in_case,
        is_fault
    from deliveries
    where {{ value }} is not null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

counted as (

    select
        scope,
        scope_value,
        count(*) as n_deliveries,
        cast(sum(is_bad) as bigint) as n_bad,
        cast(sum(is_in_case) as bigint) as n_in_cases,
        cast(sum(is_fault) as bigint) as n_faults
    from scoped
    group by scope, scope_value

)

select
    scope,
    scope_value,
    n_deliveries,
    n_bad,
    {{ share('n_bad', 'n_deliveries') }} as bad_rate,
    {{ wilson_lo('n_bad', 'n_deliveries') }} as bad_rate_lo,
    {{ wilson_hi('n_bad', 'n_deliveries') }} as bad_rate_hi,
    n_in_cases,
    {{ share('n_in_cases', 'n_deliveries') }} as case_rate,
    {{ wilson_lo('n_in_cases', 'n_deliveries') }} as case_rate_lo,
    {{ wilson_hi('n_in_cases', 'n_deliveries') }} as case_rate_hi,
    n_faults,
    {{ share('n_faults', 'n_deliveries') }} as fault_rate,
    {{ wilson_lo('n_faults', 'n_deliveries') }} as fault_rate_lo,
    {{ wilson_hi('n_faults', 'n_deliveries') }} as fault_rate_hi
from counted
