{# 1 to 5 by fifths of all rows, from a rank that begins at 1 for the least and the number of rows. Equal values share a
   rank and so a score, on every engine and in every run; with many equal values some scores are not given. #}
{% macro quintile_score(rank, n_rows) -%}
    case
        {% for score in range(1, 5) -%}
        when ({{ rank }} - 1) * 5 < {{ score }} * {{ n_rows }} then {{ score }}
        {% endfor -%}
        else 5
    end
{%- endmacro %}
