{# No row names an instant that the source had not reached. Some grace: the shop's clock and the source's instant are
   not read at the same moment, nor on the same machine. #}
{% test not_after_source(model, columns, grace_seconds=300) %}

select facts.*
from {{ model }} as facts
cross join {{ source('meta', 'build_context') }} as build
where {% for column in columns -%}
    facts.{{ column }} > {{ dbt.dateadd('second', grace_seconds, 'build.source_instant') }}
    {%- if not loop.last %}
    or {% endif -%}
{% endfor %}

{% endtest %}
