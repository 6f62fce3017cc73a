"""Which batch all models were last completely built from, and when only building from the start is right."""

from dataclasses import dataclass

import duckdb

from mingsuan import clock
from mingsuan.settings import Settings
from pipelines.build_context import BuildContext
from pipelines.warehouse import transaction

_STATE = (
    "create table if not exists meta.models_built (target varchar, batch_id bigint, built_at timestamptz,"
    " models varchar, timezone varchar, currency varchar)"
)


@dataclass(frozen=True)
class Basis:
    """An increment restates what came after `batch_id`; without one everything is built from the start, and `why`."""

    batch_id: int | None
    why: str = ""


def basis(
    connection: duckdb.DuckDBPyConnection, settings: Settings, context: BuildContext, models: str, *, asked: bool
) -> Basis:
    """What this build may stand on. `models` is a checksum of the models' code; `asked` a wish to build it all.

    A build that failed half way has no batch of its own here, so that the next one restates what it restated.
    """
    connection.execute("create schema if not exists meta")
    connection.execute(_STATE)
    row = connection.execute(
        "select batch_id, models, timezone, currency from meta.models_built where target = ?", [settings.warehouse]
    ).fetchone()
    if row is None:
        return Basis(None, "there is no complete build yet")
    batch_id, *built_with = row
    if asked:
        return Basis(None, "as asked for")
    if built_with[0] != models:
        return Basis(None, "the models are not those of the last build")
    if built_with[1:] != [context.timezone, context.currency]:
        return Basis(None, "the shop's zone or currency is another")
    if batch_id > context.batch_id or _was_read_anew(connection, batch_id):
        return Basis(None, "the source was read anew")
    return Basis(batch_id)


def begin(connection: duckdb.DuckDBPyConnection, settings: Settings, on: Basis) -> None:
    """Tell the models what they stand on; until `complete`, a build from the start leaves nothing to stand on."""
    connection.execute("update meta.build_context set built_batch_id = ?", [on.batch_id])
    if on.batch_id is None:
        connection.execute("delete from meta.models_built where target = ?", [settings.warehouse])


def complete(connection: duckdb.DuckDBPyConnection, settings: Settings, context: BuildContext, models: str) -> None:
    """Every model was built from this batch."""
    with transaction(connection):
        connection.execute(_STATE)
        connection.execute("delete from meta.models_built where target = ?", [settings.warehouse])
        connection.execute(
            "insert into meta.models_built values (?, ?, ?, ?, ?, ?)",
            [settings.warehouse, context.batch_id, clock.now(), models, context.timezone, context.currency],
        )


def _was_read_anew(connection: duckdb.DuckDBPyConnection, since: int) -> bool:
    """Whether a batch after `since` took rows away, which an increment cannot see, or replaced all of them."""
    row = connection.execute(
        "select exists (select 1 from ingest.tombstone where batch_id > ?)"
        " or exists (select 1 from ingest.batch where batch_id > ? and kind = 'resync')",
        [since, since],
    ).fetchone()
    return row is not None and bool(row[0])
