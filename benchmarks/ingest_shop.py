"""How fast a whole shop comes in for the first time, every followed table of it, against the server's own COPY.

A simulated past of MINGSUAN_BENCH_DAYS days and MINGSUAN_BENCH_CUSTOMERS customers is the shop. `vs_copy` is the
median of MINGSUAN_BENCH_ROUNDS rounds: the rate of a first ingest ÷ that of COPY to nowhere of the same tables, one by
one, before and after it. Each of the many tables costs a little by itself, so that the ratio of one long table is not
to be expected; `seconds_a_table` says how much. Imports are not timed.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from benchmarks.ingest_backfill import in_a_process, superuser
from benchmarks.report import Report
from mingsuan.postgres import DatabaseUrls, database
from mingsuan.settings import Settings
from pipelines.ingest import ingest
from pipelines.tables import TABLES
from simulation.history import simulate
from transactional.migrations import migrate

SCHEMA = "shop"


def measure() -> Report:
    """Simulate the shop in an embedded server of its own, take turns, remove everything."""
    days = int(os.environ.get("MINGSUAN_BENCH_DAYS", "60"))
    customers = int(os.environ.get("MINGSUAN_BENCH_CUSTOMERS", "4000"))
    rounds = int(os.environ.get("MINGSUAN_BENCH_ROUNDS", "3"))
    with tempfile.TemporaryDirectory(prefix="mb-") as folder, database(Settings(var=Path(folder) / "s")) as urls:
        print(f"· simulating {days} days", flush=True)
        _fill(urls, Settings(var=Path(folder) / "past"), days, customers)
        ratios, loads, peaks = [], [], []
        rows = 0
        for n in range(rounds):
            before = _copy(urls)
            rows, seconds, peak_mib = _load(urls, Path(folder) / f"ours{n}")
            copied = (before + _copy(urls)) / 2
            ratios.append(copied / seconds)
            loads.append(seconds)
            peaks.append(peak_mib)
            print(f"· round {n + 1} of {rounds}: COPY {copied:.2f} s, ingest {seconds:.2f} s", flush=True)
        empty = _empty(Path(folder))
    return Report(
        "ingest_shop",
        {"vs_copy": round(statistics.median(ratios), 3)},
        {
            "tables": len(TABLES),
            "rows": rows,
            "rounds": rounds,
            "ingest_seconds": round(statistics.median(loads), 2),
            "seconds_a_table": round(empty / len(TABLES), 4),
            "peak_mib": round(max(peaks)),
        },
    )


def _fill(urls: DatabaseUrls, settings: Settings, days: int, customers: int) -> None:
    migrate(urls.owner)
    simulate(urls.app, settings, days=days, customers=customers)
    with psycopg.connect(superuser(urls), autocommit=True) as connection:
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")


def _copy(urls: DatabaseUrls) -> float:
    """Seconds."""
    with psycopg.connect(superuser(urls), autocommit=True) as connection:
        began = time.perf_counter()
        for table in TABLES:
            connection.execute(f"copy {SCHEMA}.{table.name} to '/dev/null'")
        return time.perf_counter() - began


def _load(urls: DatabaseUrls, folder: Path) -> tuple[int, float, float]:
    """Rows, seconds and peak memory in MiB of a first ingest, in a process of its own."""
    folder.mkdir()
    loaded, peak_mib = in_a_process("benchmarks.ingest_shop", str(folder), urls.reader)
    return loaded["rows"], loaded["seconds"], peak_mib


def _empty(folder: Path) -> float:
    """Seconds of a first ingest of a shop that has just been set up: what the tables cost without their rows."""
    with database(Settings(var=folder / "e")) as urls:
        migrate(urls.owner)
        return _load(urls, folder / "empty")[1]


def _main(folder: str, reader_url: str) -> None:
    began = time.perf_counter()
    rows = ingest(Settings(var=Path(folder)), reader_url).row_count
    print(json.dumps({"rows": rows, "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    _main(*sys.argv[1:])
