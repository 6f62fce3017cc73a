with build as (

    select batch_id from {{ source('meta', 'build_context') }}

),

source_counts as (

    select
        table_count.table_name,
        table_count.source_rows,
        table_count.raw_current_rows
    from {{ source('ingest', 'table_count') }} as table_count
    inner join build on table_count.batch_id = build.batch_id

),

held as (

    {% for node in graph.sources.values() | selectattr('source_name', 'equalto', 'shop') | sort(attribute='name') -%}
    select '{{ node.name }}' as table_name, count(*) as held_rows from {{ source('shop', node.name) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select
    held.table_name,
    source_counts.source_rows,
    source_counts.raw_current_rows,
    held.held_rows
from held
left join source_counts on held.table_name = source_counts.table_name
-- A batch may not have asked the source; what it wrote is counted always.
where source_counts.table_name is null
    or source_counts.source_rows <> held.held_rows
    or source_counts.raw_current_rows <> held.held_rows
