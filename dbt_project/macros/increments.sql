{# Row-grain facts are stated anew only where something changed since the batch up to which all models were last built.
   Staging, and int_order_items, carry `ingest_batch_id`: the batch that brought, or stated, the row. On a build from the
   start nothing is restricted. #}


{# True for a row of `relation` that came, or was stated, after the last complete build. #}
{% macro is_new(relation) -%}
    {{ relation }}.ingest_batch_id > (select build.built_batch_id from {{ source('meta', 'build_context') }} as build)
{%- endmacro %}


{# The batch that is being built. #}
{% macro this_batch() -%}
    (select build.batch_id from {{ source('meta', 'build_context') }} as build)
{%- endmacro %}


{# In an increment only the rows whose `key` the CTE `restated` names; `word` is `and` where a condition stands before. #}
{% macro only_restated(key, word='where') -%}
    {% if is_incremental() %}{{ word }} {{ key }} in (select restated.{{ key.split('.')[-1] }} from restated){% endif %}
{%- endmacro %}
