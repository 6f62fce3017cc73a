{# Whole seconds from one instant to another, negative when the other is earlier. #}
{% macro seconds_between(earlier, later) %}{{ return(adapter.dispatch('seconds_between', 'mingsuan')(earlier, later)) }}{% endmacro %}

{% macro default__seconds_between(earlier, later) -%}
    cast(floor(extract(epoch from ({{ later }} - {{ earlier }}))) as bigint)
{%- endmacro %}
