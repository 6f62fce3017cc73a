"""Tables of schema `computed`, made in Python beside the models: which there are, when they are due, how they ran.

What they hold is computed in modules of their own; dbt reads them as sources.
"""

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import duckdb

from mingsuan import clock
from mingsuan.progress import Progress
from mingsuan.settings import Settings
from pipelines import attribute_history, customer_value, draw_audit, draw_uniformity
from pipelines.build_context import BuildContext
from pipelines.dbt_run import NodeResult

SCHEMA = "computed"
Compute = Callable[[duckdb.DuckDBPyConnection, Settings, BuildContext, Progress], None]
_RECORD = (
    "create table if not exists meta.computation"
    " (name varchar, computed_at timestamptz, batch_id bigint, as_of_date date, simulated boolean, code varchar)"
)


class When(Enum):
    """EVERY_BUILD runs before the models; NIGHTLY between those that it reads and those that read it."""

    EVERY_BUILD = "every build"
    NIGHTLY = "nightly"


@dataclass(frozen=True)
class Computation:
    """`compute` replaces `tables` in schema `computed` within one transaction, each with a column `computed_at`."""

    name: str
    tables: tuple[str, ...]
    when: When
    compute: Compute

    def selection(self) -> list[str]:
        """dbt's names for everything that stands on the tables, these included."""
        return [f"source:{SCHEMA}.{table}+" for table in self.tables]


COMPUTATIONS: tuple[Computation, ...] = (
    Computation("attribute_history", (attribute_history.TABLE,), When.EVERY_BUILD, attribute_history.compute),
    Computation("draw_audit", ("draw_audit",), When.EVERY_BUILD, draw_audit.compute),
    Computation("draw_uniformity", ("draw_uniformity",), When.EVERY_BUILD, draw_uniformity.compute),
    Computation("customer_value", customer_value.TABLES, When.NIGHTLY, customer_value.compute),
)


def due(
    connection: duckdb.DuckDBPyConnection, computations: Iterable[Computation], context: BuildContext, *, nightly: bool
) -> tuple[Computation, ...]:
    """Those of every build; of the nightly ones all when it is night.

    By day a nightly one is due when it did not end well last time, when a table of it is missing, and when it ran
    for another as-of date, another kind of source or by other code.
    """
    _prepare(connection)
    current = connection.execute(
        "select name from meta.computation where as_of_date = ? and simulated = ? and code = ?",
        [context.as_of_date, context.simulated, _code()],
    ).fetchall()
    known = {name for (name,) in current}
    there = _tables(connection)
    return tuple(
        computation
        for computation in computations
        if nightly
        or computation.when is When.EVERY_BUILD
        or computation.name not in known
        or not there.issuperset(computation.tables)
    )


def run(
    connection: duckdb.DuckDBPyConnection,
    computation: Computation,
    settings: Settings,
    context: BuildContext,
    progress: Progress,
) -> NodeResult:
    """Compute, and tell how it ended as dbt tells of a model; what it raises is a failure that forbids publication."""
    _prepare(connection)
    connection.execute("delete from meta.computation where name = ?", [computation.name])
    progress(f"computing {computation.name}")
    started = time.perf_counter()
    try:
        computation.compute(connection, settings, context, progress)
        if missing := set(computation.tables) - _tables(connection):
            raise LookupError(f"it left no table {', '.join(sorted(missing))}")
    except Exception as error:  # noqa: BLE001  (whatever it is, it is this computation's failure and told as such)
        progress(f"computation {computation.name}: error")
        return _result(computation, "error", started, f"{type(error).__name__}: {error}")
    connection.execute(
        "insert into meta.computation values (?, ?, ?, ?, ?, ?)",
        [computation.name, clock.now(), context.batch_id, context.as_of_date, context.simulated, _code()],
    )
    return _result(computation, "success", started, None)


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"create schema if not exists meta; create schema if not exists {SCHEMA}; {_RECORD}")


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute(
        "select table_name from duckdb_tables() where database_name = current_database() and schema_name = ?", [SCHEMA]
    ).fetchall()
    return {name for (name,) in rows}


def _code() -> str:
    """A checksum of this package: what other code computed may lack columns that the models read."""
    digest = hashlib.sha256()
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.name.encode() + b"\0" + module.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _result(computation: Computation, status: str, started: float, message: str | None) -> NodeResult:
    return NodeResult(
        unique_id=f"computation.{computation.name}",
        name=computation.name,
        resource_type="computation",
        model=", ".join(f"{SCHEMA}.{table}" for table in computation.tables),
        column=None,
        severity="error",
        status=status,
        failures=None,
        message=message,
        description=f"Computed in Python, {computation.when.value}.",
        file=computation.compute.__module__,
        relation=None,
        seconds=time.perf_counter() - started,
    )
