"""How many orders the shop takes over HTTP, paid and delivered, against pgbench writing the same rows.

One pgbench transaction is one statement in one round trip. Pairs take turns and the ratios are medians of the pairs'.
The hot runs sell one SKU alone while a snapshot is held open; they are compared with spread runs without one.
MINGSUAN_BENCH_SECONDS is the length of a run, MINGSUAN_BENCH_ROUNDS the number of pairs. fsync is on.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from benchmarks.intake import baseline, served
from benchmarks.intake.ground import Ground, Sku, lay, superuser, write_plan
from benchmarks.report import Report
from mingsuan import embedded_postgres
from mingsuan.postgres import database
from mingsuan.settings import Settings
from transactional.migrations import migrate

SKUS = 50
BUYERS = 64
CUSTOMERS = 512
WARM_UP_SECONDS = 3
FASTEST = 6000
"""Orders a second that codes are laid in for."""


@dataclass(frozen=True)
class Run:
    """One run of the shop: its rate, its latencies in ms in order, and how many cores each part kept busy."""

    orders_per_s: float
    latencies_ms: tuple[float, ...]
    cores: Mapping[str, float]

    def percentile(self, share: float) -> float:
        return self.latencies_ms[min(int(len(self.latencies_ms) * share), len(self.latencies_ms) - 1)]


@dataclass(frozen=True)
class Reference:
    """One run of pgbench, and how many cores the server's side of it kept busy."""

    orders_per_s: float
    mean_ms: float
    cores: float


@dataclass(frozen=True)
class Round:
    """What took turns: the shop on all SKUs, pgbench on all SKUs, the shop on one SKU under an open snapshot."""

    spread: Run
    pgbench: Reference
    hot: Run


@dataclass(frozen=True)
class Answers:
    """What the buyers were told: how long each order took, and how often which refusal came."""

    latencies_ms: tuple[float, ...]
    refusals: Mapping[str, int]
    cpu_s: float


class Bench:
    """The running shop and what it is measured with."""

    def __init__(self, ground: Ground, folder: Path, port: int, parts: Mapping[str, psutil.Process], seconds: int):
        self._ground = ground
        self._folder = folder
        self._port = port
        self._parts = parts
        self._seconds = seconds

    def warm_up(self) -> None:
        """Orders by both, so that processes have imported what they need and no table is empty."""
        skus = self._ground.skus
        with psycopg.connect(superuser(self._ground.urls), autocommit=True) as connection:
            self._ground.lay_in(connection, skus, 2 * FASTEST * WARM_UP_SECONDS)
        baseline.run(self._ground, skus, BUYERS, WARM_UP_SECONDS, self._folder)
        self._buy(skus, WARM_UP_SECONDS)

    def round(self) -> Round:
        skus = self._ground.skus
        spread = self._shop(skus)
        pgbench = self._pgbench(skus)
        return Round(spread, pgbench, self._shop(skus[:1], snapshot=True))

    def _pgbench(self, skus: tuple[Sku, ...]) -> Reference:
        self._ground.top_up(skus, FASTEST * self._seconds)
        spent = served.cpu_seconds(self._parts)["postgres"]
        done = baseline.run(self._ground, skus, BUYERS, self._seconds, self._folder)
        cores = (served.cpu_seconds(self._parts)["postgres"] - spent) / self._seconds
        return Reference(done.orders_per_s, done.mean_ms, cores)

    def _shop(self, skus: tuple[Sku, ...], *, snapshot: bool = False) -> Run:
        self._ground.top_up(skus, FASTEST * self._seconds)
        before = self._ground.delivered()
        with held_open(self._ground.urls.app) if snapshot else nullcontext():
            spent, used = served.cpu_seconds(self._parts), served.machine_seconds()
            answers = self._buy(skus, self._seconds)
            busy = (served.machine_seconds() - used) / self._seconds
            cores = {name: (at - spent[name]) / self._seconds for name, at in served.cpu_seconds(self._parts).items()}
        orders = len(answers.latencies_ms)
        if answers.refusals or self._ground.delivered() < before + orders:
            raise RuntimeError(f"{orders} orders, but refused: {answers.refusals}")
        cores["buyers"] = answers.cpu_s / self._seconds
        cores["others"] = max(busy - sum(cores.values()), 0.0)
        return Run(orders / self._seconds, answers.latencies_ms, cores)

    def _buy(self, skus: tuple[Sku, ...], seconds: int) -> Answers:
        plan = self._folder / "plan.json"
        write_plan(plan, self._ground, skus, self._port, BUYERS, seconds)
        command = [sys.executable, "-m", "benchmarks.intake.buyers", str(plan)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60 + 2 * seconds)
        told = json.loads(done.stdout)
        return Answers(tuple(1000 * each for each in told["latencies"]), told["refusals"], told["cpu_s"])


@contextmanager
def held_open(url: str) -> Iterator[None]:
    """A transaction that has looked at the shop and ends only afterwards."""
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("select count(*) from shop.shop_profile")
        yield
        connection.rollback()


def measure() -> Report:
    """A shop in an embedded server of its own; take turns, remove everything."""
    seconds = int(os.environ.get("MINGSUAN_BENCH_SECONDS", "8"))
    count = int(os.environ.get("MINGSUAN_BENCH_ROUNDS", "5"))
    with tempfile.TemporaryDirectory(prefix="mb-") as name:
        folder = Path(name)
        settings = Settings(var=folder / "s", shop_port=served.free_port())
        with database(settings) as urls:
            migrate(urls.owner)
            ground = lay(urls, SKUS, CUSTOMERS)
            with served.shop(settings, urls, folder) as process:
                bench = Bench(ground, folder, settings.shop_port, parts(settings, process), seconds)
                bench.warm_up()
                rounds = [_told(bench.round(), number + 1, count) for number in range(count)]
    return report(rounds, seconds)


def parts(settings: Settings, process: psutil.Process) -> dict[str, psutil.Process]:
    """The processes whose work is told: the shop and its database."""
    postmaster = embedded_postgres.running((settings.var / "pg").resolve())
    if postmaster is None:
        raise RuntimeError("the embedded server is gone")
    return {"shop": process, "postgres": postmaster.process}


def _told(one: Round, number: int, count: int) -> Round:
    print(
        f"· round {number} of {count}, orders/s: shop {one.spread.orders_per_s:,.0f},"
        f" pgbench {one.pgbench.orders_per_s:,.0f}, shop on one SKU under a snapshot {one.hot.orders_per_s:,.0f}",
        flush=True,
    )
    return one


def report(rounds: Sequence[Round], seconds: int) -> Report:
    """Medians of the rounds' ratios; latencies and cores of the median spread run."""
    middle = sorted((each.spread for each in rounds), key=lambda run: run.orders_per_s)[len(rounds) // 2]
    hot = sorted((each.hot for each in rounds), key=lambda run: run.orders_per_s)[len(rounds) // 2]
    figures: dict[str, float | int | str] = {
        "rounds": len(rounds),
        "seconds_a_run": seconds,
        "buyers": BUYERS,
        "skus": SKUS,
        "shop_orders_per_s": round(middle.orders_per_s),
        "hot_orders_per_s": round(hot.orders_per_s),
        "pgbench_orders_per_s": round(statistics.median(each.pgbench.orders_per_s for each in rounds)),
        "pgbench_mean_ms": round(statistics.median(each.pgbench.mean_ms for each in rounds), 1),
        **{f"p{round(100 * p)}_ms": round(middle.percentile(p), 1) for p in (0.5, 0.95, 0.99)},
        **{f"hot_p{round(100 * p)}_ms": round(hot.percentile(p), 1) for p in (0.5, 0.95, 0.99)},
        **{
            f"{name}_cpu_ms_an_order": round(1000 * c / middle.orders_per_s, 2)
            for name, c in middle.cores.items()
            if name != "others"
        },
        "pgbench_cpu_ms_an_order": round(
            statistics.median(1000 * each.pgbench.cores / each.pgbench.orders_per_s for each in rounds), 2
        ),
        **{f"cores_{name}": round(cores, 2) for name, cores in middle.cores.items()},
        "limited_by": limit(middle.cores, os.cpu_count() or 1),
    }
    ratios = {
        "vs_pgbench": round(statistics.median(r.spread.orders_per_s / r.pgbench.orders_per_s for r in rounds), 3),
        "hot_over_spread": round(statistics.median(r.hot.orders_per_s / r.spread.orders_per_s for r in rounds), 3),
    }
    print(f"· limited by {figures['limited_by']}", flush=True)
    return Report("order_intake", ratios, figures)


def limit(cores: Mapping[str, float], there_are: int) -> str:
    """What the shop's rate ends at, told by who kept how many cores busy."""
    shares = ", ".join(f"{name} {busy:.2f}" for name, busy in sorted(cores.items(), key=lambda item: -item[1]))
    if cores["others"] > there_are / 4:
        return f"other work on this machine, which spoils the ratios ({shares} of {there_are} cores)"
    if cores["shop"] > 0.9:
        return f"the shop's one Python process, which keeps a core busy ({shares} of {there_are} cores)"
    if sum(cores.values()) > 0.9 * there_are:
        return f"the processor, which everybody shares ({shares} of {there_are} cores)"
    return f"waiting for the disk and for each other ({shares} of {there_are} cores)"
