"""How fast a first batch comes in, against the server's own COPY of the same table and against dlt.

MINGSUAN_BENCH_ROWS is the size of the table, MINGSUAN_BENCH_ROUNDS how often COPY, ours and dlt take turns; the ratios
are medians of the rounds' ratios. COPY and ours carry the whole table every round; COPY runs before and after ours, and
its two times are averaged. dlt, slower by far, carries a share of its rows, by default so many that all rounds together
make the table once; rates are compared.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.report import Report
from mingsuan.postgres import DatabaseUrls, database
from mingsuan.settings import Settings
from pipelines.ingest import ingest
from pipelines.tables import SourceTable

TABLE = SourceTable("bench_order", append_only=False)
CREATE = """
create schema if not exists shop;
create table shop.bench_order (
    id bigint not null, public_id uuid not null, order_no text not null, customer_id bigint not null,
    state text not null, gross_fen bigint not null, discount_fen bigint not null, net_fen bigint not null,
    quantity integer not null, ordered_at timestamptz not null, paid_at timestamptz, created_at timestamptz not null,
    updated_at timestamptz not null, row_xid bigint not null default pg_current_xact_id()::text::bigint
);
"""
FILL = """
insert into shop.bench_order
select i, uuidv7(), 'M' || (10000000 + i), 1 + mod(i, 400000), case mod(i, 9) when 0 then 'paid' else 'completed' end,
    mod(i, 90000) + 100, mod(i, 100), mod(i, 90000) + 100 - mod(i, 100), 1 + mod(i, 3),
    at, case when mod(i, 17) > 0 then at + interval '7 s' end, at, at + interval '8 s'
from generate_series(1, %s) as i, lateral (select timestamptz '2024-01-01' + i * interval '10 s' as at) as instant
"""
FINISH = """
alter table shop.bench_order add primary key (id);
create index on shop.bench_order using brin (row_xid);
grant usage on schema shop to shop_reader;
grant select on shop.bench_order to shop_reader;
"""


@dataclass(frozen=True)
class _Run:
    """One load in a process of its own."""

    rows_per_s: float
    peak_mib: float


def measure() -> Report:
    """Generate the table in an embedded server of its own, take turns, remove everything."""
    rows = int(os.environ.get("MINGSUAN_BENCH_ROWS", "5000000"))
    rounds = int(os.environ.get("MINGSUAN_BENCH_ROUNDS", "3"))
    dlt_rows = min(rows, int(os.environ.get("MINGSUAN_BENCH_DLT_ROWS", str(rows // rounds))))
    with tempfile.TemporaryDirectory(prefix="mb-") as folder, database(Settings(var=Path(folder) / "s")) as urls:
        print(f"· generating {rows:,} rows", flush=True)
        _generate(urls, rows)
        copies: list[float] = []
        ours: list[_Run] = []
        dlt: list[_Run] = []
        for n in range(rounds):
            before = _copy(urls, rows, "text")
            ours.append(_load("ours", urls, Path(folder) / f"ours{n}", rows))
            copies.append(statistics.harmonic_mean((before, _copy(urls, rows, "text"))))
            dlt.append(_load("dlt", urls, Path(folder) / f"dlt{n}", dlt_rows))
            print(
                f"· round {n + 1} of {rounds}, rows/s: COPY {copies[-1]:,.0f}, ingest {ours[-1].rows_per_s:,.0f},"
                f" dlt {dlt[-1].rows_per_s:,.0f}",
                flush=True,
            )
        binary = _copy(urls, rows, "binary")
    return Report(
        "ingest_backfill",
        {
            "vs_copy": round(statistics.median(o.rows_per_s / c for o, c in zip(ours, copies, strict=True)), 3),
            "vs_dlt": round(statistics.median(o.rows_per_s / d.rows_per_s for o, d in zip(ours, dlt, strict=True)), 2),
        },
        {
            "rows": rows,
            "rounds": rounds,
            "ours_rows_per_s": round(statistics.median(run.rows_per_s for run in ours)),
            "ours_peak_mib": round(max(run.peak_mib for run in ours)),
            "copy_text_rows_per_s": round(statistics.median(copies)),
            "copy_binary_rows_per_s": round(binary),
            "dlt_rows": dlt_rows,
            "dlt_rows_per_s": round(statistics.median(run.rows_per_s for run in dlt)),
            "dlt_peak_mib": round(max(run.peak_mib for run in dlt)),
        },
    )


def _generate(urls: DatabaseUrls, rows: int) -> None:
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        connection.execute(CREATE)
        connection.execute(FILL, [rows])
        connection.execute(FINISH)
        connection.execute("vacuum (analyze) shop.bench_order")
    with psycopg.connect(superuser(urls), autocommit=True) as connection:
        connection.execute("checkpoint")


def _copy(urls: DatabaseUrls, rows: int, form: str) -> float:
    """Rows a second of COPY to nowhere by the server itself: what reading the table costs at least."""
    with psycopg.connect(superuser(urls), autocommit=True) as connection:
        began = time.perf_counter()
        connection.execute(f"copy shop.bench_order to '/dev/null' (format {form})")
        return rows / (time.perf_counter() - began)


def superuser(urls: DatabaseUrls) -> str:
    return urls.owner.replace("shop_owner@", "postgres@")


def _load(how: str, urls: DatabaseUrls, folder: Path, rows: int) -> _Run:
    folder.mkdir()
    loaded, peak_mib = in_a_process("benchmarks.ingest_backfill", how, str(folder), urls.reader, str(rows))
    assert loaded["rows"] == rows, loaded
    return _Run(rows / loaded["seconds"], peak_mib)


def in_a_process(module: str, *arguments: str) -> tuple[dict[str, Any], float]:
    """Run a load as a program, so that its peak memory is its own; its last line, and that memory in MiB."""
    command = [sys.executable, "-m", module, *arguments]
    environment = os.environ | {"RUNTIME__DLTHUB_TELEMETRY": "false"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[2:])} failed")
    return json.loads(output.splitlines()[-1]), usage.ru_maxrss / 1024


def _ours(folder: Path, reader_url: str) -> int:
    return ingest(Settings(var=folder), reader_url, tables=(TABLE,)).row_count


def _dlt(folder: Path, reader_url: str, rows: int) -> int:
    """dlt as its manual has it for speed: pyarrow backend, into DuckDB."""
    import dlt
    import duckdb
    from dlt.sources.sql_database import sql_table

    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(folder / "state"),
        destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")),
        dataset_name="raw",
    )
    resource = sql_table(
        credentials=reader_url.replace("postgresql://", "postgresql+psycopg://"),
        table=TABLE.name,
        schema="shop",
        backend="pyarrow",
        query_adapter_callback=lambda query, table: query.where(table.c.id <= rows),
    )
    pipeline.run(resource, write_disposition="replace")
    with duckdb.connect(str(folder / "dlt.duckdb"), read_only=True) as result:
        [(count,)] = result.execute(f"select count(*) from raw.{TABLE.name}").fetchall()
    return int(count)


def _main(how: str, folder: str, reader_url: str, rows: str) -> None:
    if how == "dlt":
        import dlt.sources.sql_database  # noqa: F401  (imports are not what is measured)
    began = time.perf_counter()
    loaded = _ours(Path(folder), reader_url) if how == "ours" else _dlt(Path(folder), reader_url, int(rows))
    print(json.dumps({"rows": loaded, "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    _main(*sys.argv[1:])
