"""The benchmark of order intake runs as `make bench` runs it, and says what its figures mean."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks.__main__ import names
from benchmarks.order_intake import Reference, Round, Run, limit, report


def _run(orders_per_s: float) -> Run:
    latencies = tuple(float(ms) for ms in range(1, 101))
    return Run(orders_per_s, latencies, {"shop": 0.5, "postgres": 0.5, "buyers": 0.1, "others": 0.0})


def _rounds() -> list[Round]:
    rates = [(500, 1000, 450), (600, 1000, 600), (400, 1000, 320)]
    return [Round(_run(spread), Reference(pgbench, 60.0, 1.5), _run(hot)) for spread, pgbench, hot in rates]


def test_ratios_are_medians_of_the_pairs_and_latencies_those_of_the_middle_run() -> None:
    made = report(_rounds(), 8)
    assert made.ratios == {"vs_pgbench": 0.5, "hot_over_spread": 0.9}
    assert (made.figures["p50_ms"], made.figures["p95_ms"], made.figures["p99_ms"]) == (51.0, 96.0, 100.0)
    assert (made.figures["shop_orders_per_s"], made.figures["pgbench_orders_per_s"]) == (500, 1000)
    assert (made.figures["shop_cpu_ms_an_order"], made.figures["pgbench_cpu_ms_an_order"]) == (1.0, 1.5)


@pytest.mark.parametrize(
    ("cores", "says"),
    [
        ({"shop": 0.97, "postgres": 0.6, "buyers": 0.1, "others": 0.1}, "one Python process"),
        ({"shop": 0.85, "postgres": 0.9, "buyers": 0.2, "others": 0.0}, "the processor"),
        ({"shop": 0.2, "postgres": 0.2, "buyers": 0.1, "others": 1.5}, "other work"),
        ({"shop": 0.3, "postgres": 0.3, "buyers": 0.1, "others": 0.1}, "waiting"),
    ],
)
def test_the_limit_is_named_by_who_is_busy(cores: dict[str, float], says: str) -> None:
    assert says in limit(cores, 2)


@pytest.mark.proof
@pytest.mark.xdist_group("heavy")
def test_the_benchmark_ends_with_its_ratios_as_one_json_object() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_DATABASE_URL")}
    environment |= {"MINGSUAN_BENCH_SECONDS": "1", "MINGSUAN_BENCH_ROUNDS": "1"}
    command = [sys.executable, "-m", "benchmarks", "order_intake"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    made = json.loads(run.stdout.splitlines()[-1])
    assert made["name"] == "order_intake"
    assert set(made["ratios"]) == {"vs_pgbench", "hot_over_spread"}
    assert all(ratio > 0 for ratio in made["ratios"].values())
    assert 0 < made["figures"]["p50_ms"] <= made["figures"]["p95_ms"] <= made["figures"]["p99_ms"]
    assert "cores" in made["figures"]["limited_by"]


def test_what_a_benchmark_needs_is_no_benchmark_itself() -> None:
    assert "order_intake" in names()
    assert "intake" not in names()
