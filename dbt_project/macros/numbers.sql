{# Name of the 64-bit floating type; dbt's own type_float is 32 bits wide on DuckDB. #}
{% macro type_double() %}{{ return(adapter.dispatch('type_double', 'mingsuan')()) }}{% endmacro %}

{% macro default__type_double() %}double precision{% endmacro %}


{% macro as_double(expression) -%}
    cast({{ expression }} as {{ type_double() }})
{%- endmacro %}


{# The share of sales whose cost is known. Null where refunds leave no whole of which the known part is a part: a day
   that sold at unknown cost and refunded at known cost has no share. #}
{% macro coverage(known, whole) -%}
    case when {{ known }} between 0 and {{ whole }} then {{ share(known, whole) }} end
{%- endmacro %}


{# A part of a whole as a 64-bit float; null when the whole is zero. Fen are never divided any other way. #}
{% macro share(part, whole) -%}
    case when {{ whole }} <> 0 then {{ as_double(part) }} / {{ as_double(whole) }} end
{%- endmacro %}
