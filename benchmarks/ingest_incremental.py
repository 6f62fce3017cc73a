"""Whether bringing in 10,000 changed rows costs more over a long history than over a short one.

MINGSUAN_BENCH_ROWS is the length of the long history, a hundredth of it the short one; MINGSUAN_BENCH_ROUNDS how many
batches each brings in, taking turns; `growth` is the ratio of their medians. A batch is what a shop does between two
refreshes: six tenths are new orders, the rest changes of older ones: of the newest 50,000, and one in a hundred of all.
"""

import os
import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.ingest_backfill import CREATE, FILL, FINISH, TABLE
from benchmarks.report import Report
from mingsuan.postgres import DatabaseUrls, database
from mingsuan.settings import Settings
from pipelines.ingest import ingest

CHANGED = 10_000
NEW, RECENT, OLD = CHANGED * 60 // 100, CHANGED * 39 // 100, CHANGED // 100
SHORTER = 100
NEWEST = 50_000
INSERT = """
insert into shop.bench_order
select %(last)s + i, uuidv7(), 'M' || (10000000 + %(last)s + i), 1 + mod(i, 400000), 'paid', 1000, 0, 1000, 1,
    now(), now(), now(), now()
from generate_series(1, %(count)s) as i
"""
UPDATE = """
update shop.bench_order set state = 'completed', updated_at = now(), row_xid = pg_current_xact_id()::text::bigint
where id in (select %(first)s + mod(i * 7919::bigint, %(span)s) from generate_series(1, %(count)s) as i)
"""


@dataclass
class _Shop:
    """A source and the warehouse that follows it."""

    urls: DatabaseUrls
    settings: Settings
    rows: int

    def open(self) -> None:
        """Generate the history and bring it in whole."""
        with psycopg.connect(self.urls.owner, autocommit=True) as connection:
            connection.execute(CREATE)
            connection.execute("alter table shop.bench_order set (fillfactor = 85)")
            connection.execute(FILL, [self.rows])
            connection.execute(FINISH)
            connection.execute("vacuum (analyze) shop.bench_order")
        ingest(self.settings, self.urls.reader, tables=(TABLE,))

    def batch(self) -> float:
        """Change rows, and bring the changes in; returns the seconds of the latter."""
        with psycopg.connect(self.urls.owner) as connection:
            connection.execute(INSERT, {"last": self.rows, "count": NEW})
            newest = min(NEWEST, self.rows)
            connection.execute(UPDATE, {"first": self.rows - newest + 1, "span": newest, "count": RECENT})
            connection.execute(UPDATE, {"first": 1, "span": self.rows, "count": OLD})
        self.rows += NEW
        began = time.perf_counter()
        batch = ingest(self.settings, self.urls.reader, tables=(TABLE,))
        seconds = time.perf_counter() - began
        assert NEW < batch.row_count <= CHANGED, batch.row_count
        return seconds


def measure() -> Report:
    """A server of its own for each history; both warehouses are removed."""
    rows = int(os.environ.get("MINGSUAN_BENCH_ROWS", "10000000"))
    rounds = int(os.environ.get("MINGSUAN_BENCH_ROUNDS", "5"))
    seconds: dict[str, list[float]] = {"short": [], "long": []}
    with tempfile.TemporaryDirectory(prefix="mb-") as folder, ExitStack() as servers:
        shops = {}
        for name, length in (("short", rows // SHORTER), ("long", rows)):
            print(f"· generating {length:,} rows and bringing them in", flush=True)
            settings = Settings(var=Path(folder) / name)
            shops[name] = _Shop(servers.enter_context(database(settings)), settings, length)
            shops[name].open()
        for number in range(rounds):
            for name, shop in shops.items():
                seconds[name].append(shop.batch())
            print(
                f"· batch {number + 1} of {rounds}: {seconds['short'][-1]:.2f} s over the short history,"
                f" {seconds['long'][-1]:.2f} s over the long one",
                flush=True,
            )
    short, long = (statistics.median(times) for times in seconds.values())
    return Report(
        "ingest_incremental",
        {"growth": round(long / short, 3)},
        {
            "changed_rows": CHANGED,
            "rows_long": rows,
            "rows_short": rows // SHORTER,
            "rounds": rounds,
            "long_seconds": round(long, 3),
            "short_seconds": round(short, 3),
        },
    )
