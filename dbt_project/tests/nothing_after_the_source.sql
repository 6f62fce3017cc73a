-- An hour of grace: the shop's clock and the source's are not read at the same moment. A clock further ahead, or an
-- imported history with dates to come, would show figures of days that have not been.
with instants as (

    select 'orders' as what, order_no as which, ordered_at as happened_at from {{ ref('stg_shop__orders') }}
    union all
    select 'orders' as what, order_no as which, paid_at as happened_at from {{ ref('stg_shop__orders') }}
    union all
    select 'order_items' as what, order_item_id as which, first_delivered_at as happened_at
    from {{ ref('int_order_items') }}
    union all
    select 'ledger_transactions' as what, reference as which, effective_at as happened_at
    from {{ ref('stg_shop__ledger_transactions') }}

)

select
    instants.what,
    instants.which,
    instants.happened_at
from instants
cross join {{ source('meta', 'build_context') }} as build
where instants.happened_at > {{ dbt.dateadd('hour', 1, 'build.source_instant') }}
