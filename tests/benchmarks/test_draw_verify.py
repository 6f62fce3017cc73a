"""The benchmark of verification runs as `make bench` runs it, and counts the hashes that it compares with."""

import json
import os
import subprocess
import sys

from benchmarks.draw_verify import Pair, Spent, nodes, report


def spent(cpu_s: float, peak_mib: float = 40.0) -> Spent:
    return Spent(cpu_s, 2 * cpu_s, peak_mib)


def test_it_ends_with_its_ratio_as_one_json_object() -> None:
    environment = {"MINGSUAN_BENCH_ENTRIES": "2000", "MINGSUAN_BENCH_ROUNDS": "1"}
    command = [sys.executable, "-m", "benchmarks", "draw_verify"]
    run = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert (told["name"], set(told["ratios"])) == ("draw_verify", {"vs_hash_loop"})
    figures = told["figures"]
    assert (figures["entries"], figures["batches"], figures["hashes"]) == (2_000, 40, 2_000 + 1_999 + 1_960)
    assert told["ratios"]["vs_hash_loop"] > 0
    assert 0 < figures["peak_mib"] < figures["aim_peak_mib"]


def test_the_ratio_is_the_median_of_pairs_and_the_memory_the_worst() -> None:
    pairs = [Pair(spent(3.0, 50.0), spent(2.0)), Pair(spent(9.0), spent(3.0)), Pair(spent(4.0), spent(2.0))]
    told = report(pairs, 100, 10, 2**20)
    assert told.ratios == {"vs_hash_loop": 2.0}
    assert (told.figures["peak_mib"], told.figures["bundle_mib"], told.figures["verify_s"]) == (50.0, 1.0, 4.0)


def test_a_tree_has_one_node_less_than_leaves() -> None:
    assert nodes(entries=8, batches=1) == 14
    assert nodes(entries=8, batches=8) == 7
