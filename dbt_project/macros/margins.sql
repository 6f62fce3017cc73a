{# The components of contribution margin, with the direction in which each moves profit. #}
{% macro margin_components() %}
    {{ return({
        'gross_sales': 1, 'discounts': -1, 'refunds': -1,
        'draw_income': 1, 'membership_income': 1, 'other_income': 1,
        'cogs': -1,
        'payment_fees': -1, 'delivery_costs': -1, 'supplier_losses': -1, 'card_losses': -1, 'chargebacks': -1,
        'commissions': -1, 'marketing': -1, 'goodwill': -1, 'draw_prizes': -1,
    }) }}
{% endmacro %}


{# Components that raise profit, as a list of SQL literals. #}
{% macro income_components() -%}
    {%- for component, direction in margin_components().items() if direction == 1 -%}
        '{{ component }}'{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# The sum of each component over margin lines, as `<component>_fen`, never null. #}
{% macro summed_components() -%}
    {%- for component in margin_components() %}
        cast(coalesce(sum(case when component = '{{ component }}' then amount_fen else 0 end), 0) as bigint) as {{ component }}_fen{{ ',' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# The part of net sales, summed over margin lines, whose cost is known. #}
{% macro summed_known_net_sales() -%}
    cast(
        sum(case when has_known_cost and component in ('gross_sales', 'discounts', 'refunds') then profit_fen else 0 end)
        as bigint
    )
{%- endmacro %}


{# The definitions of net sales and of the three margins, each in one place; all need `<component>_fen` columns. #}
{% macro net_sales() -%}
    (gross_sales_fen - discounts_fen - refunds_fen)
{%- endmacro %}

{% macro net_revenue() -%}
    ({{ net_sales() }} + draw_income_fen + membership_income_fen + other_income_fen)
{%- endmacro %}

{% macro cm1() -%}
    ({{ net_revenue() }} - cogs_fen)
{%- endmacro %}

{% macro cm2() -%}
    ({{ cm1() }} - payment_fees_fen - delivery_costs_fen - supplier_losses_fen - card_losses_fen - chargebacks_fen)
{%- endmacro %}

{% macro cm3() -%}
    ({{ cm2() }} - commissions_fen - marketing_fen - goodwill_fen - draw_prizes_fen)
{%- endmacro %}


{# The columns of a profit mart, in the order of a profit and loss account, from summed components; without the ledger's
   own profit where ledger entries do not say all of the mart's dimensions. #}
{% macro profit_columns(with_ledger=true) -%}
    gross_sales_fen,
    discounts_fen,
    refunds_fen,
    {{ net_sales() }} as net_sales_fen,
    draw_income_fen,
    membership_income_fen,
    other_income_fen,
    {{ net_revenue() }} as net_revenue_fen,
    -- Unknown, not zero: nothing is posted for what was delivered at an unknown cost.
    case when unknown_cost_units > 0 and cogs_fen = 0 then null else cogs_fen end as cogs_fen,
    {{ cm1() }} as cm1_fen,
    payment_fees_fen,
    delivery_costs_fen,
    supplier_losses_fen,
    card_losses_fen,
    chargebacks_fen,
    {{ cm2() }} as cm2_fen,
    commissions_fen,
    marketing_fen,
    goodwill_fen,
    draw_prizes_fen,
    {{ cm3() }} as cm3_fen,
    net_sales_known_cost_fen,
    {{ coverage('net_sales_known_cost_fen', net_sales()) }} as cost_coverage,
    {% if with_ledger %}ledger_profit_fen,{% endif %}
    delivered_units,
    unknown_cost_units
{%- endmacro %}
