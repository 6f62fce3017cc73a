{# Reasons of cases that blame the goods, as a list of SQL literals. #}
{% macro fault_reasons() -%}
    ('does_not_work', 'already_used', 'wrong_goods')
{%- endmacro %}
