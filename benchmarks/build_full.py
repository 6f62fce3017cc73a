"""How long all models take to build from the start: on DuckDB, on PostgreSQL, and how much of it is dbt itself.

MINGSUAN_BENCH_ORDERS is the size at which both engines build the same rows in one run: `postgres_over_duckdb` is the
ratio of their times, models alone, without tests. A build of 10 million orders takes PostgreSQL hours, so that DuckDB
builds the larger MINGSUAN_BENCH_ORDERS_ALONE by itself, as `mingsuan build --full-refresh` does: computations, models
and tests; the peak memory is that of this process. `dbt_share` is the time of the same build of a shop of eight orders
÷ that of the larger one.

Rows are generated straight into DuckDB and copied to an embedded PostgreSQL, which then has indexes on every `id`,
statistics and 256 MB of work_mem; copying is not timed.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg

from benchmarks.building.shop_of_orders import lay
from benchmarks.report import Report
from mingsuan.postgres import database
from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.build import build
from pipelines.dbt_run import models_checksum, run_dbt
from pipelines.literals import literal
from pipelines.source import extension_file

PARTS = ("raw_current", "ingest", "meta", "computed")
FEW_ORDERS = 8


def measure() -> Report:
    """Each build in a process of its own; everything is removed in the end."""
    orders = int(os.environ.get("MINGSUAN_BENCH_ORDERS", "1000000"))
    alone = int(os.environ.get("MINGSUAN_BENCH_ORDERS_ALONE", "10000000"))
    with tempfile.TemporaryDirectory(prefix="mb-") as folder:
        both, large, few = (Path(folder) / name for name in ("both", "large", "few"))
        _in_a_process("lay", both, str(orders))
        _in_a_process("build", both)
        ours, _ = _in_a_process("models", both)
        with database(Settings(var=Path(folder) / "s")) as urls:
            _in_a_process("copy", both, urls.owner)
            theirs, _ = _in_a_process("postgres", both, urls.owner)
        _in_a_process("lay", large, str(alone))
        whole, peak_mib = _in_a_process("build", large)
        _in_a_process("lay", few, str(FEW_ORDERS))
        empty, _ = _in_a_process("build", few)
    return Report(
        "build_full",
        {"postgres_over_duckdb": round(theirs / ours, 2)},
        {
            "orders_on_both": orders,
            "duckdb_models_seconds": round(ours, 1),
            "postgres_models_seconds": round(theirs, 1),
            "orders_on_duckdb_alone": alone,
            "build_seconds": round(whole, 1),
            "build_peak_mib": round(peak_mib),
            "build_of_few_orders_seconds": round(empty, 1),
            "dbt_share": round(empty / whole, 3),
        },
    )


def _in_a_process(what: str, folder: Path, *arguments: str) -> tuple[float, float]:
    """Seconds that the work itself took, and the peak memory of its process in MiB."""
    command = [sys.executable, "-m", "benchmarks.build_full", what, str(folder), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{what} failed:\n{output}")
    seconds = float(json.loads(output.splitlines()[-1])["seconds"])
    print(f"· {what} {' '.join([folder.name, *arguments[:1]])}: {seconds:.1f} s", flush=True)
    return seconds, usage.ru_maxrss / 1024


def _lay(settings: Settings, orders: str) -> None:
    with warehouse.owned(settings, "benchmark"), warehouse.connect(settings) as connection:
        lay(connection, int(orders))


def _build(settings: Settings) -> None:
    result = build(settings, full_refresh=True)
    assert result.publishable, result.summary()


def _models(settings: Settings) -> None:
    with warehouse.owned(settings, "benchmark"):
        outcome = run_dbt(settings, "run", "--full-refresh")
    assert outcome.error is None, outcome.error
    assert [(node.name, node.message) for node in outcome.results if node.status != "success"] == []


def _copy(settings: Settings, url: str) -> None:
    """Everything that ingest, build and computations keep, indexed as a warehouse on PostgreSQL would be."""
    with warehouse.owned(settings, "benchmark"), warehouse.connect(settings) as connection:
        tables = connection.execute(
            "select schema_name, table_name, list_contains(list(column_name), 'id') from duckdb_columns()"
            " where database_name = current_database() and list_contains(?, schema_name) group by all",
            [list(PARTS)],
        ).fetchall()
        connection.execute(f"load {literal(str(extension_file()))}")
        connection.execute(f"attach {literal(url)} as target (type postgres)")
        for part in {part for part, *_ in tables}:
            connection.execute(f"create schema target.{part}")
        for part, table, _ in tables:
            connection.execute(f"create table target.{part}.{table} as from {part}.{table}")
    with psycopg.connect(url, autocommit=True) as target:
        for part, table, has_id in tables:
            if has_id:
                target.execute(f"create index on {part}.{table} (id)")
        target.execute(f"alter database {target.info.dbname} set work_mem = '256MB'")
        target.execute("vacuum analyze")


def _postgres(settings: Settings, _url: str) -> None:
    _models(settings.model_copy(update={"warehouse": "postgres"}))


def _point_dbt_at(url: str) -> None:
    parts = urlsplit(url)
    place = parse_qs(parts.query)
    os.environ["MINGSUAN_WAREHOUSE_HOST"] = place["host"][0]
    os.environ["MINGSUAN_WAREHOUSE_PORT"] = place["port"][0]
    os.environ["MINGSUAN_WAREHOUSE_USER"] = parts.username or ""
    os.environ["MINGSUAN_WAREHOUSE_DATABASE"] = parts.path.removeprefix("/")


WORK: dict[str, Callable[..., None]] = {
    "lay": _lay,
    "build": _build,
    "models": _models,
    "copy": _copy,
    "postgres": _postgres,
}


def _main(what: str, folder: str, *arguments: str) -> None:
    settings = Settings(var=Path(folder), as_of_date=None)
    if what in {"build", "models"}:
        models_checksum(settings)  # imports and parsing are not what is measured
    if what == "postgres":
        _point_dbt_at(*arguments)
        models_checksum(settings.model_copy(update={"warehouse": "postgres"}))
    began = time.perf_counter()
    WORK[what](settings, *arguments)
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    _main(*sys.argv[1:])
