{# An amount of a currency in whole minor units of the shop's, half away from zero; null without a rate. The counterpart
   of offers.rate_rules.to_fen: `rate` is what one unit is worth in the shop's currency, as decimal(18, 8). #}
{% macro in_minor_units(amount, currency, shop_currency, rate) -%}
    cast(
        round(
            cast({{ amount }} * case when {{ shop_currency }} in ('JPY', 'KRW') then 1 else 100 end as decimal(18, 4))
            * case when {{ currency }} = {{ shop_currency }} then cast(1 as decimal(18, 8)) else {{ rate }} end,
            0
        ) as bigint
    )
{%- endmacro %}
