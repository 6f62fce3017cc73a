"""The same models on a PostgreSQL warehouse: they compile, they run, and give the same figures, stepwise as at once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import duckdb
import psycopg
import pytest
from psycopg.rows import tuple_row

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.dbt_run import PROJECT, run_dbt
from pipelines.publish import PUBLIC_PREFIXES
from tests.warehouse.compiled import FACTS, SCHEMA, CompiledWarehouse, Models, compile_models, primary_keys
from tests.warehouse.histories import TOUCHED, History

pytestmark = pytest.mark.xdist_group("dbt")
PARTS = ("raw_current", "ingest", "meta", "computed")
TYPES = {"TIMESTAMP WITH TIME ZONE": "timestamptz", "DOUBLE": "double precision", "BLOB": "bytea"}
TOLERANCE = 1e-9
Row = tuple[object, ...]


@dataclass(frozen=True)
class Both:
    """The small shop on both engines: the rows of every public model, and PostgreSQL with the facts' SQL."""

    ours: dict[str, list[Row]]
    theirs: dict[str, list[Row]]
    target: psycopg.Connection
    models: Models


@pytest.fixture(scope="module")
def both(hand_fed_settings: Settings, module_database: DatabaseUrls) -> Iterator[Both]:
    settings = Settings(var=hand_fed_settings.var / "pg", warehouse="postgres")
    with (
        pytest.MonkeyPatch.context() as patch,
        warehouse.owned(hand_fed_settings, "test"),
        warehouse.connect(hand_fed_settings) as ours,
        psycopg.connect(module_database.owner, autocommit=True, row_factory=tuple_row) as theirs,
    ):
        theirs.execute("set timezone = 'UTC'")
        _copy(ours, theirs)
        _environment(patch, module_database.owner)
        outcome = run_dbt(settings, "run")
        assert outcome.error is None
        assert [(node.name, node.message) for node in outcome.results if node.status != "success"] == []
        assert len(outcome.results) == len([*(PROJECT / "models").rglob("*.sql")])
        models = compile_models(settings, *FACTS)
        keys = {name: key for name, key in primary_keys(settings).items() if name.startswith(PUBLIC_PREFIXES)}
        yield Both(_rows(ours, keys), _rows(theirs, keys), theirs, models)


def _copy(source: duckdb.DuckDBPyConnection, target: psycopg.Connection) -> None:
    """Every table that ingest, computations and build keep, row by row: the small shop has few."""
    for part in PARTS:
        target.execute(f"create schema {part}")
    tables = source.execute(
        "select schema_name, table_name from duckdb_tables() where list_contains(?, schema_name)", [list(PARTS)]
    ).fetchall()
    for part, table in tables:
        described = source.execute(f"describe {part}.{table}").fetchall()
        columns = ", ".join(f'"{name}" {TYPES.get(kind, kind)}' for name, kind, *_ in described)
        target.execute(f"create table {part}.{table} ({columns})")
        marks = ", ".join(["%s"] * len(described))
        rows = source.execute(f"select * from {part}.{table}").fetchall()
        target.cursor().executemany(f"insert into {part}.{table} values ({marks})", rows)


def _environment(patch: pytest.MonkeyPatch, url: str) -> None:
    parts = urlsplit(url)
    place = parse_qs(parts.query)
    patch.setenv("MINGSUAN_WAREHOUSE_HOST", place["host"][0])
    patch.setenv("MINGSUAN_WAREHOUSE_PORT", place["port"][0])
    patch.setenv("MINGSUAN_WAREHOUSE_USER", parts.username or "")
    patch.setenv("MINGSUAN_WAREHOUSE_DATABASE", parts.path.removeprefix("/"))


def _rows(connection: duckdb.DuckDBPyConnection | psycopg.Connection, keys: dict[str, str]) -> dict[str, list[Row]]:
    """Each model's rows in the order of its key, which comes first; engines collate texts in ways of their own."""
    found = {}
    for model, key in keys.items():
        rows = connection.execute(f"select {key}, * from {SCHEMA}.{model}").fetchall()
        width = len(key.split(","))
        found[model] = sorted(rows, key=lambda row: [str(value) for value in row[:width]])
    return found


def _differing(ours: Iterable[Row], theirs: Iterable[Row]) -> list[tuple[Row, Row]]:
    """Engines sum floats in orders of their own; everything else is equal."""
    return [
        (here, there)
        for here, there in zip(ours, theirs, strict=True)
        if not all(
            a == pytest.approx(b, rel=TOLERANCE, abs=TOLERANCE) if isinstance(a, float) and b is not None else a == b
            for a, b in zip(here, there, strict=True)
        )
    ]


def test_postgresql_gives_the_same_rows_of_every_public_model_as_duckdb(both: Both) -> None:
    assert {"mart_profit_daily", "mart_profit_breakdown_daily", "fct_margin_lines", "dim_skus"} <= both.ours.keys()
    for model, rows in both.ours.items():
        assert len(rows) == len(both.theirs[model]), model
        assert _differing(rows, both.theirs[model]) == [], model


def test_increments_on_postgresql_give_what_a_build_from_the_start_gives(both: Both, full_counts: bool) -> None:
    chart = both.target.execute("select * from raw_current.ledger_account").fetchall()
    marks = ", ".join(["%s"] * len(chart[0]))
    for seed in range(100 if full_counts else 2):
        both.target.execute(f"truncate {', '.join(f'raw_current.{table}' for table in TOUCHED)}")
        both.target.cursor().executemany(f"insert into raw_current.ledger_account values ({marks})", chart)
        shop = CompiledWarehouse(both.target, both.models, mark="%s")
        shop.live(History(seed))
        stepwise = shop.tables()
        shop.build_from_the_start()
        for model, rows in shop.tables().items():
            assert stepwise[model] == rows, f"{model} of history {seed}"
