with build as (

    select batch_id, source_instant from {{ source('meta', 'build_context') }}

),

table_counts as (

    select * from {{ source('ingest', 'table_count') }}

)

select
    table_counts.table_name,
    build.source_instant,
    cast(table_counts.source_rows as bigint) as source_rows,
    cast(table_counts.raw_current_rows as bigint) as raw_rows,
    cast(table_counts.raw_current_rows - table_counts.source_rows as bigint) as difference_rows
from table_counts
inner join build on table_counts.batch_id = build.batch_id
