{# The date so many days from another; null where nothing is left already, or it lasts over ten years. #}
{% macro date_of_stock_out(units, days, from_date) -%}
    case
        when {{ units }} > 0 and {{ days }} < 3650
            then cast({{ dbt.dateadd('day', 'cast(round(' ~ days ~ ') as bigint)', from_date) }} as date)
    end
{%- endmacro %}
