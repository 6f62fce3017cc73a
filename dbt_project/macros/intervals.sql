{# The standard normal quantile of two-sided 95 % intervals. #}
{% macro z95() -%} 1.959963984540054 {%- endmacro %}


{# Wilson's 95 % interval of a rate of `hits` in `n` (E. B. Wilson, 1927); null when there is nothing to judge by. #}
{% macro wilson_lo(hits, n) -%}
    case when {{ n }} > 0 then greatest(0.0, {{ wilson_middle(hits, n) }} - {{ wilson_half(hits, n) }}) end
{%- endmacro %}

{% macro wilson_hi(hits, n) -%}
    case when {{ n }} > 0 then least(1.0, {{ wilson_middle(hits, n) }} + {{ wilson_half(hits, n) }}) end
{%- endmacro %}

{% macro wilson_middle(hits, n) -%}
    ({{ as_double(hits) }} + {{ z95() }} * {{ z95() }} / 2) / ({{ as_double(n) }} + {{ z95() }} * {{ z95() }})
{%- endmacro %}

{% macro wilson_half(hits, n) -%}
    {{ z95() }} * sqrt({{ as_double(hits) }} * ({{ as_double(n) }} - {{ as_double(hits) }}) / {{ as_double(n) }} + {{ z95() }} * {{ z95() }} / 4)
    / ({{ as_double(n) }} + {{ z95() }} * {{ z95() }})
{%- endmacro %}


{# Byar's 95 % interval of the mean of a Poisson count (Breslow and Day, 1987, 2.3); the count may be a fraction. #}
{% macro poisson_lo(n) -%}
    case
        when {{ n }} > 0
            then {{ n }} * power(greatest(0.0, 1 - 1 / (9 * {{ n }}) - {{ z95() }} / (3 * sqrt({{ n }}))), 3)
        else 0.0
    end
{%- endmacro %}

{% macro poisson_hi(n) -%}
    ({{ n }} + 1) * power(1 - 1 / (9 * ({{ n }} + 1)) + {{ z95() }} / (3 * sqrt({{ n }} + 1)), 3)
{%- endmacro %}
