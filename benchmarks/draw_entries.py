"""How many entries a second the shop sells over HTTP, paid from the wallet, against pgbench writing the same rows.

One pgbench transaction is one statement in one round trip; entries go to fifty draws, one at a time. Pairs take turns
and ratios are medians of the pairs'. The hot runs sell entries of one draw alone, which all wait for one row.
MINGSUAN_BENCH_SECONDS is the length of a run, MINGSUAN_BENCH_ROUNDS the number of pairs. fsync is on.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.entering import baseline
from benchmarks.entering.ground import Ground, OpenDraw, lay, write_plan
from benchmarks.intake import served
from benchmarks.order_intake import Reference, Run, limit, parts
from benchmarks.report import Report
from mingsuan.postgres import database
from mingsuan.settings import Settings
from transactional.migrations import migrate

DRAWS = 50
BUYERS = 64
CUSTOMERS = 512
WARM_UP_SECONDS = 3


@dataclass(frozen=True)
class Round:
    """What took turns; the hot ones sell entries of one draw only."""

    spread: Run
    pgbench: Reference
    hot: Run
    hot_pgbench: Reference


class Bench:
    """The running shop and what it is measured with."""

    def __init__(
        self, ground: Ground, folder: Path, port: int, processes: Mapping[str, psutil.Process], seconds: int
    ) -> None:
        self._ground = ground
        self._folder = folder
        self._port = port
        self._processes = processes
        self._seconds = seconds

    def warm_up(self) -> None:
        """Entries by both, so that processes have imported what they need and no table is empty."""
        baseline.run(self._ground, self._ground.draws, BUYERS, WARM_UP_SECONDS, self._folder)
        self._sell(self._ground.draws, WARM_UP_SECONDS)

    def round(self) -> Round:
        draws = self._ground.draws
        spread, reference = self._shop(draws), self._pgbench(draws)
        return Round(spread, reference, self._shop(draws[:1]), self._pgbench(draws[:1]))

    def _pgbench(self, draws: tuple[OpenDraw, ...]) -> Reference:
        self._ground.tidy()
        spent = served.cpu_seconds(self._processes)["postgres"]
        done = baseline.run(self._ground, draws, BUYERS, self._seconds, self._folder)
        cores = (served.cpu_seconds(self._processes)["postgres"] - spent) / self._seconds
        return Reference(done.orders_per_s, done.mean_ms, cores)

    def _shop(self, draws: tuple[OpenDraw, ...]) -> Run:
        self._ground.tidy()
        before = self._ground.taken()
        spent, used = served.cpu_seconds(self._processes), served.machine_seconds()
        told = self._sell(draws, self._seconds)
        busy = (served.machine_seconds() - used) / self._seconds
        now = served.cpu_seconds(self._processes)
        cores = {name: (now[name] - spent[name]) / self._seconds for name in now}
        entries = len(told["latencies"])
        if told["refusals"] or self._ground.taken() < before + entries:
            raise RuntimeError(f"{entries} entries, but refused: {told['refusals']}")
        cores["buyers"] = told["cpu_s"] / self._seconds
        cores["others"] = max(busy - sum(cores.values()), 0.0)
        return Run(entries / self._seconds, tuple(1000 * each for each in told["latencies"]), cores)

    def _sell(self, draws: tuple[OpenDraw, ...], seconds: int) -> dict[str, Any]:
        plan = self._folder / "plan.json"
        write_plan(plan, self._ground, draws, self._port, BUYERS, seconds)
        command = [sys.executable, "-m", "benchmarks.intake.buyers", str(plan)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60 + 2 * seconds)
        told: dict[str, Any] = json.loads(done.stdout)
        return told


def measure() -> Report:
    """A shop in an embedded server of its own; take turns, remove everything."""
    seconds = int(os.environ.get("MINGSUAN_BENCH_SECONDS", "8"))
    count = int(os.environ.get("MINGSUAN_BENCH_ROUNDS", "5"))
    with tempfile.TemporaryDirectory(prefix="md-") as name:
        folder = Path(name)
        settings = Settings(var=folder / "s", shop_port=served.free_port())
        with database(settings) as urls:
            migrate(urls.owner)
            ground = lay(urls, DRAWS, CUSTOMERS)
            with served.shop(settings, urls, folder) as process:
                bench = Bench(ground, folder, settings.shop_port, parts(settings, process), seconds)
                bench.warm_up()
                rounds = [_told(bench.round(), number + 1, count) for number in range(count)]
    return report(rounds, seconds)


def _told(one: Round, number: int, count: int) -> Round:
    print(
        f"· round {number} of {count}, entries/s: shop {one.spread.orders_per_s:,.0f},"
        f" pgbench {one.pgbench.orders_per_s:,.0f}; on one draw: shop {one.hot.orders_per_s:,.0f},"
        f" pgbench {one.hot_pgbench.orders_per_s:,.0f}",
        flush=True,
    )
    return one


def report(rounds: Sequence[Round], seconds: int) -> Report:
    """Medians of the rounds' ratios; latencies and cores of the median spread run."""
    middle = sorted((each.spread for each in rounds), key=lambda run: run.orders_per_s)[len(rounds) // 2]
    figures: dict[str, float | int | str] = {
        "rounds": len(rounds),
        "seconds_a_run": seconds,
        "buyers": BUYERS,
        "draws": DRAWS,
        "shop_entries_per_s": round(middle.orders_per_s),
        "pgbench_entries_per_s": round(statistics.median(each.pgbench.orders_per_s for each in rounds)),
        "hot_entries_per_s": round(statistics.median(each.hot.orders_per_s for each in rounds)),
        "hot_pgbench_entries_per_s": round(statistics.median(each.hot_pgbench.orders_per_s for each in rounds)),
        "pgbench_mean_ms": round(statistics.median(each.pgbench.mean_ms for each in rounds), 1),
        **{f"p{round(100 * p)}_ms": round(middle.percentile(p), 1) for p in (0.5, 0.95, 0.99)},
        **{
            f"{name}_cpu_ms_an_entry": round(1000 * cores / middle.orders_per_s, 2)
            for name, cores in middle.cores.items()
            if name != "others"
        },
        "pgbench_cpu_ms_an_entry": round(
            statistics.median(1000 * each.pgbench.cores / each.pgbench.orders_per_s for each in rounds), 2
        ),
        **{f"cores_{name}": round(cores, 2) for name, cores in middle.cores.items()},
        "limited_by": limit(middle.cores, os.cpu_count() or 1),
    }
    ratios = {
        "vs_pgbench": round(statistics.median(r.spread.orders_per_s / r.pgbench.orders_per_s for r in rounds), 3),
        "hot_over_spread": round(statistics.median(r.hot.orders_per_s / r.spread.orders_per_s for r in rounds), 3),
        "hot_vs_pgbench": round(statistics.median(r.hot.orders_per_s / r.hot_pgbench.orders_per_s for r in rounds), 3),
    }
    print(f"· limited by {figures['limited_by']}", flush=True)
    return Report("draw_entries", ratios, figures)
