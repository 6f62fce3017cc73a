-- Facts join their keys inside; a row that lost its parent would vanish silently.
with counts as (

    select
        'fct_order_items' as fact,
        (select count(*) from {{ ref('fct_order_items') }}) as fact_rows,
        (select count(*) from {{ ref('stg_shop__order_items') }}) as staged_rows
    union all
    select
        'fct_margin_lines' as fact,
        (select count(*) from {{ ref('fct_margin_lines') }}) as fact_rows,
        (select count(*) from {{ ref('stg_shop__document_lines') }}) as staged_rows
    union all
    select
        'fct_ledger_entries' as fact,
        (select count(*) from {{ ref('fct_ledger_entries') }}) as fact_rows,
        (select count(*) from {{ ref('stg_shop__ledger_entries') }}) as staged_rows
    union all
    select
        'fct_draws' as fact,
        (select count(*) from {{ ref('fct_draws') }}) as fact_rows,
        (select count(*) from {{ ref('stg_shop__draws') }}) as staged_rows
    union all
    select
        'fct_draw_entries' as fact,
        (select count(*) from {{ ref('fct_draw_entries') }}) as fact_rows,
        (select count(*) from {{ ref('stg_shop__draw_entries') }}) as staged_rows
    union all
    select
        'fct_supplier_purchases' as fact,
        (select count(*) from {{ ref('fct_supplier_purchases') }}) as fact_rows,
        (select count(*) from {{ ref('stg_shop__purchases') }}) as staged_rows
    union all
    select
        'fct_payments' as fact,
        (select count(*) from {{ ref('fct_payments') }}) as fact_rows,
        (select count(*) from {{ ref('stg_shop__payments') }}) as staged_rows
    union all
    select
        'fct_refunds' as fact,
        (select count(*) from {{ ref('fct_refunds') }}) as fact_rows,
        (select count(*) from {{ ref('stg_shop__refunds') }}) as staged_rows
    union all
    select
        'fct_benefit_events' as fact,
        (select count(*) from {{ ref('fct_benefit_events') }}) as fact_rows,
        (select count(*) from {{ ref('stg_shop__entitlement_events') }}) as staged_rows
    union all
    select
        'fct_aftersales_cases' as fact,
        (select count(*) from {{ ref('fct_aftersales_cases') }}) as fact_rows,
        (select count(*) from {{ ref('stg_shop__aftersales_cases') }}) as staged_rows
    union all
    select
        'fct_card_movements' as fact,
        (
            select coalesce(sum(case when kind = 'bought' then 1 else 0 end), 0) from {{ ref('fct_card_movements') }}
        ) as fact_rows,
        (select count(*) from {{ ref('stg_shop__cards') }}) as staged_rows

)

select * from counts
where fact_rows <> staged_rows
