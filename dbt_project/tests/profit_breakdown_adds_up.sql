with breakdown as (

    select
        ledger_date,
        {% for component in margin_components() -%}
        {# the cost is null where it is unknown; the margins sum what is posted #}
        sum(coalesce({{ component }}_fen, 0)) as {{ component }}_fen,
        {% endfor -%}
        sum(cm1_fen) as cm1_fen,
        sum(cm2_fen) as cm2_fen,
        sum(cm3_fen) as cm3_fen,
        sum(net_sales_known_cost_fen) as net_sales_known_cost_fen,
        sum(delivered_units) as delivered_units
    from {{ ref('mart_profit_breakdown_daily') }}
    group by ledger_date

),

days as (

    select * from {{ ref('mart_profit_daily') }}

)

select
    coalesce(days.ledger_date, breakdown.ledger_date) as ledger_date,
    days.cm3_fen,
    breakdown.cm3_fen as breakdown_cm3_fen
from days
full outer join breakdown on days.ledger_date = breakdown.ledger_date
where days.ledger_date is null
    or breakdown.ledger_date is null
    {% for component in margin_components() -%}
    or coalesce(days.{{ component }}_fen, 0) <> breakdown.{{ component }}_fen
    {% endfor -%}
    or days.cm1_fen <> breakdown.cm1_fen
    or days.cm2_fen <> breakdown.cm2_fen
    or days.cm3_fen <> breakdown.cm3_fen
    or days.net_sales_known_cost_fen <> breakdown.net_sales_known_cost_fen
    or days.delivered_units <> breakdown.delivered_units
