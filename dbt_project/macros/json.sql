{# The elements of an array in a text of JSON, one a row: to stand among the columns of a select. #}
{% macro json_elements(text) %}{{ return(adapter.dispatch('json_elements', 'mingsuan')(text)) }}{% endmacro %}

{% macro default__json_elements(text) -%}
    unnest(from_json({{ text }}, '["json"]'))
{%- endmacro %}

{% macro postgres__json_elements(text) -%}
    jsonb_array_elements(cast({{ text }} as jsonb))
{%- endmacro %}


{# A value inside an element, by the names on the way to it, as text; null where it is null or absent. #}
{% macro json_value(element, names) %}{{ return(adapter.dispatch('json_value', 'mingsuan')(element, names)) }}{% endmacro %}

{% macro default__json_value(element, names) -%}
    json_extract_string({{ element }}, '$.{{ names | join('.') }}')
{%- endmacro %}

{% macro postgres__json_value(element, names) -%}
    ({{ element }} #>> '{{ '{' ~ names | join(',') ~ '}' }}')
{%- endmacro %}
