"""The models' SQL as dbt compiled it, run in this process: a small shop's build costs milliseconds, not seconds.

It writes as dbt's materialisations do, which tests of whole builds cover: an increment deletes by key and inserts.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mingsuan.settings import Settings
from pipelines.dbt_run import run_dbt
from tests.warehouse.histories import History

SCHEMA = "analytics"
FACTS = ("+fct_order_items", "+fct_margin_lines", "+fct_ledger_entries", "+mart_profit_breakdown_daily")
"""Row-grain facts that are stated by key, with what they read, and a mart over them."""
_CONTEXT = (
    f"drop schema if exists meta cascade; drop schema if exists {SCHEMA} cascade;"
    f" create schema meta; create schema {SCHEMA}; create table meta.build_context (as_of_date date,"
    " source_instant timestamptz, batch_id bigint, currency varchar, timezone varchar, simulated boolean,"
    " built_batch_id bigint); insert into meta.build_context values"
    " ('2026-03-31', '2026-04-30', 0, 'CNY', 'Asia/Shanghai', false, null)"
)


class Connection(Protocol):
    """DuckDB's or psycopg's."""

    def execute(self, query: Any, params: Any = None, /) -> Any: ...


@dataclass(frozen=True)
class Model:
    """A model and its two statements: from the start, and as an increment of what is there."""

    name: str
    materialized: str
    key: str
    from_the_start: str
    increment: str


@dataclass(frozen=True)
class Models:
    """Models in an order in which each finds what it reads."""

    models: tuple[Model, ...]

    def of(self, *materialized: str) -> tuple[Model, ...]:
        return tuple(model for model in self.models if model.materialized in materialized)


class CompiledWarehouse:
    """An engine with the models' tables, fed and built batch by batch as `pipelines.build` does it."""

    def __init__(self, connection: Connection, models: Models, mark: str = "?") -> None:
        self._connection = connection
        self._models = models
        self._mark = mark
        self._built: int | None = None
        for statement in _CONTEXT.split(";"):
            connection.execute(statement)

    def live(self, history: History, batches: int = 6) -> None:
        """Build after each batch; after some of them the power fails half way, and the next build has to mend it."""
        for batch, statements in enumerate(history.batches(batches), 1):
            for sql, values in statements:
                self._connection.execute(sql.replace("?", self._mark), values)
            self._build(batch, broken=1 < batch < batches and history.accident() < 0.3, tables=history.accident())

    def build_from_the_start(self) -> None:
        batch, self._built = self._built, None
        self._build(batch or 1)

    def tables(self) -> dict[str, list[tuple[object, ...]]]:
        """All rows of all tables, without the column that tells when a row was stated."""
        return {model.name: self._rows(model) for model in self._models.of("table", "incremental")}

    def _rows(self, model: Model) -> list[tuple[object, ...]]:
        described = self._connection.execute(f"select * from {SCHEMA}.{model.name} limit 0").description
        kept = ", ".join(column[0] for column in described if column[0] != "ingest_batch_id")
        ordered = f"select {kept} from {SCHEMA}.{model.name} order by {model.key}"
        return list(self._connection.execute(ordered).fetchall())

    def _build(self, batch: int, *, broken: bool = False, tables: float = 1.0) -> None:
        """From the start when nothing is complete; a broken one writes a share of the tables and completes nothing."""
        self._connection.execute(
            f"update meta.build_context set batch_id = {batch}, built_batch_id = {self._built or 'null'}"
        )
        if self._built is None:
            for view in self._models.of("view"):
                self._connection.execute(f"create or replace view {SCHEMA}.{view.name} as {view.from_the_start}")
        written = self._models.of("table", "incremental")
        for model in written[: int(len(written) * tables) if broken else None]:
            self._write(model)
        if not broken:
            self._built = batch

    def _write(self, model: Model) -> None:
        execute, target = self._connection.execute, f"{SCHEMA}.{model.name}"
        if self._built is None or model.materialized == "table":
            execute(f"drop table if exists {target}")
            execute(f"create table {target} as {model.from_the_start}")
            return
        execute(f"create temporary table new_rows as {model.increment}")
        execute(f"delete from {target} where {model.key} in (select {model.key} from new_rows)")
        execute(f"insert into {target} select * from new_rows")
        execute("drop table new_rows")


def compile_models(settings: Settings, *select: str) -> Models:
    """What dbt makes of the selected models; their relations must exist, or there is nothing to increment."""
    whole = _compiled(settings, select, "--full-refresh")
    increment = _compiled(settings, select)
    manifest = json.loads((settings.var / "dbt" / "target" / "manifest.json").read_text())
    keys = primary_keys(settings)
    nodes = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    return Models(
        tuple(
            Model(name, nodes[name]["config"]["materialized"], keys[name], whole[name], increment[name])
            for name in _in_order(nodes, whole)
        )
    )


def _compiled(settings: Settings, select: Iterable[str], *how: str) -> dict[str, str]:
    outcome = run_dbt(settings, "compile", "--select", *select, *how)
    assert outcome.error is None, outcome.error
    return {node.name: Path(node.file).read_text() for node in outcome.results if node.resource_type == "model"}


def primary_keys(settings: Settings) -> dict[str, str]:
    """The columns that each model's test of its key names, from the manifest that dbt wrote last."""
    manifest = json.loads((settings.var / "dbt" / "target" / "manifest.json").read_text())
    tests = (node for node in manifest["nodes"].values() if node["resource_type"] == "test")
    return {
        test["attached_node"].rsplit(".", 1)[-1]: ", ".join(test["test_metadata"]["kwargs"]["columns"])
        for test in tests
        if (test.get("test_metadata") or {}).get("name") == "primary_key"
    }


def _in_order(nodes: dict[str, Any], names: Iterable[str]) -> list[str]:
    order: list[str] = []

    def visit(name: str) -> None:
        for parent in nodes[name]["depends_on"]["nodes"]:
            if parent.startswith("model."):
                visit(parent.rsplit(".", 1)[-1])
        if name not in order:
            order.append(name)

    for name in sorted(names):
        visit(name)
    return order
