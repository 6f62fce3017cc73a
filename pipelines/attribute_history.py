"""What products, SKUs, supply channels and staff were called, and how they stood, at any time since the first ingest.

The shop keeps the present; `raw` keeps every version of a row that an ingest saw. Read here by attribute, each value
has the interval in which it held.
"""

from dataclasses import dataclass

import duckdb

from mingsuan.progress import Progress
from mingsuan.settings import Settings
from pipelines.build_context import BuildContext
from pipelines.warehouse import transaction

TABLE = "attribute_history"


@dataclass(frozen=True)
class Dimension:
    """A table of the shop, and its attributes as SQL on a version of its row."""

    name: str
    table: str
    attributes: dict[str, str]


DIMENSIONS = (
    Dimension(
        "product",
        "product",
        {
            "slug": "slug",
            "kind": "kind",
            "title_zh": "title_zh",
            "title_en": "title_en",
            "publish_state": "publish_state",
            "category": "(select c.slug from raw_current.category as c where c.id = category_id)",
        },
    ),
    Dimension(
        "sku",
        "sku",
        {"code": "code", "name_zh": "name_zh", "name_en": "name_en", "publish_state": "publish_state"},
    ),
    Dimension("channel", "supply_channel", {"code": "code", "name": "name", "state": "state", "protocol": "protocol"}),
    Dimension(
        "staff", "staff", {"role": "role", "state": "case when disabled_at is null then 'active' else 'disabled' end"}
    ),
)

_VERSIONS = """
select
    '{dimension}' as dimension, cast(public_id as varchar) as dimension_key, '{attribute}' as attribute,
    cast({value} as varchar) as attribute_value, _batch,
    -- A source that was restored can say an older instant than before: intervals do not go back.
    max(coalesce(updated_at, created_at, $source_instant)) over (
        partition by public_id order by _batch rows between unbounded preceding and current row
    ) as valid_from_at
from {log}
"""
_HISTORY = """
create or replace table computed.{table} as
with versions as ({versions}),
last_of_an_instant as (
    select * from versions
    qualify row_number() over (partition by dimension, dimension_key, attribute, valid_from_at order by _batch desc) = 1
),
changes as (
    select * from last_of_an_instant
    window one as (partition by dimension, dimension_key, attribute order by valid_from_at)
    qualify row_number() over one = 1 or attribute_value is distinct from lag(attribute_value) over one
)
select
    dimension, dimension_key, attribute, attribute_value, valid_from_at,
    lead(valid_from_at) over (partition by dimension, dimension_key, attribute order by valid_from_at) as valid_to_at,
    now() as computed_at
from changes
"""


def compute(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,  # noqa: ARG001  (every computation is called alike)
    context: BuildContext,
    progress: Progress,  # noqa: ARG001
) -> None:
    """Replaces the table: one row per attribute of a thing and interval in which it had one value.

    `valid_from_at` is when the shop last wrote the row in which the value was first seen. What came and went between
    two ingests, and what was before the first one, was never seen.
    """
    logged = {name for (name,) in connection.execute(_LOGGED).fetchall()}
    versions = " union all ".join(
        _VERSIONS.format(
            dimension=dimension.name,
            attribute=attribute,
            value=value,
            log=f"{'raw' if dimension.table in logged else 'raw_current'}.{dimension.table}",
        )
        for dimension in DIMENSIONS
        for attribute, value in dimension.attributes.items()
    )
    with transaction(connection):
        connection.execute(_HISTORY.format(table=TABLE, versions=versions), {"source_instant": context.source_instant})


_LOGGED = """
select table_name from duckdb_tables() where database_name = current_database() and schema_name = 'raw'
"""
