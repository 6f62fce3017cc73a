-- An hour of grace: the shop's clock and the source's are not read at the same moment. A clock further ahead, or an
-- imported history with dates to come, would show figures of days that have not been. Facts that are not here have the
-- test not_after_source. When a draw closes and when its round appears may lie ahead.
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
    union all
    select 'offer_prices' as what, offer_key as which, valid_from_at as happened_at from {{ ref('fct_offer_prices') }}
    union all
    select
        'supplier_purchases' as what,
        request_no as which,
        greatest(created_at, submitted_at, ended_at, claimed_at) as happened_at
    from {{ ref('fct_supplier_purchases') }}
    union all
    select
        'draws' as what,
        draw_key as which,
        greatest(created_at, opened_at, closed_at, committed_at, decided_at, voided_at, returned_at, settled_at)
            as happened_at
    from {{ ref('fct_draws') }}
    union all
    select 'draw_entries' as what, draw_entry_key as which, accepted_at as happened_at
    from {{ ref('fct_draw_entries') }}

)

select
    instants.what,
    instants.which,
    instants.happened_at
from instants
cross join {{ source('meta', 'build_context') }} as build
where instants.happened_at > {{ dbt.dateadd('hour', 1, 'build.source_instant') }}
