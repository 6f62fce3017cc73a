"""The benchmark of draws' entries runs as `make bench` runs it, and its ratios are those of what took turns."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks.draw_entries import Round, report
from benchmarks.order_intake import Reference, Run


def _round(spread: float, pgbench: float, hot: float, hot_pgbench: float) -> Round:
    def run(rate: float) -> Run:
        return Run(rate, (1.0, 2.0, 3.0), {"shop": 0.5, "postgres": 0.5, "buyers": 0.1, "others": 0.0})

    return Round(run(spread), Reference(pgbench, 60.0, 1.5), run(hot), Reference(hot_pgbench, 60.0, 1.5))


def test_ratios_are_medians_of_the_pairs() -> None:
    made = report([_round(500, 1000, 450, 300), _round(600, 1000, 600, 300), _round(400, 1000, 320, 400)], 8)
    assert made.ratios == {"vs_pgbench": 0.5, "hot_over_spread": 0.9, "hot_vs_pgbench": 1.5}
    assert (made.figures["shop_entries_per_s"], made.figures["hot_pgbench_entries_per_s"]) == (500, 300)


@pytest.mark.proof
@pytest.mark.xdist_group("heavy")
def test_the_benchmark_ends_with_its_ratios_as_one_json_object() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_DATABASE_URL")}
    environment |= {"MINGSUAN_BENCH_SECONDS": "1", "MINGSUAN_BENCH_ROUNDS": "1"}
    command = [sys.executable, "-m", "benchmarks", "draw_entries"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    made = json.loads(run.stdout.splitlines()[-1])
    assert made["name"] == "draw_entries"
    assert set(made["ratios"]) == {"vs_pgbench", "hot_over_spread", "hot_vs_pgbench"}
    assert all(ratio > 0 for ratio in made["ratios"].values())
