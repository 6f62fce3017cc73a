{# Bytes as lower-case hexadecimal digits. #}
{% macro hex_text(bytes) %}{{ return(adapter.dispatch('hex_text', 'mingsuan')(bytes)) }}{% endmacro %}

{% macro default__hex_text(bytes) -%}
    lower(hex({{ bytes }}))
{%- endmacro %}

{% macro postgres__hex_text(bytes) -%}
    encode({{ bytes }}, 'hex')
{%- endmacro %}
