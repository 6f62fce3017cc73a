{# The calendar date of an instant in the shop's zone: the counterpart of mingsuan.clock.business_date. #}
{% macro business_date(instant) %}{{ return(adapter.dispatch('business_date', 'mingsuan')(instant)) }}{% endmacro %}

{% macro default__business_date(instant) -%}
    cast({{ instant }} at time zone (select shop.timezone from {{ source('meta', 'build_context') }} as shop) as date)
{%- endmacro %}


{# Whole days from one date to a later one, as a bigint. #}
{% macro days_between(earlier, later) %}{{ return(adapter.dispatch('days_between', 'mingsuan')(earlier, later)) }}{% endmacro %}

{% macro default__days_between(earlier, later) -%}
    cast({{ later }} - {{ earlier }} as bigint)
{%- endmacro %}


{# The instant that is so many seconds after 1970-01-01 in UTC. #}
{% macro instant_of_epoch(seconds) %}{{ return(adapter.dispatch('instant_of_epoch', 'mingsuan')(seconds)) }}{% endmacro %}

{% macro default__instant_of_epoch(seconds) -%}
    to_timestamp({{ seconds }})
{%- endmacro %}


{# The first day of a date's calendar month. #}
{% macro month_of(date) -%}
    cast({{ dbt.date_trunc('month', date) }} as date)
{%- endmacro %}


{# Whole calendar months from the month of one date to that of a later one, as a bigint. #}
{% macro months_between(earlier, later) -%}
    cast(
        (extract(year from {{ later }}) - extract(year from {{ earlier }})) * 12
        + extract(month from {{ later }}) - extract(month from {{ earlier }})
        as bigint
    )
{%- endmacro %}
