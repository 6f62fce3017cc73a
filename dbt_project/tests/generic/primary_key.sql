{# The given columns are the key of the model: no two rows share them, and none of them is null. #}
{% test primary_key(model, columns) %}

select {{ columns | join(', ') }}, count(*) as n_rows
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
    {% for column in columns -%}
    or sum(case when {{ column }} is null then 1 else 0 end) > 0
    {% endfor %}

{% endtest %}
