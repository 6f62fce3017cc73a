"""The benchmarks run as `make bench` runs them, on a small table."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks.__main__ import names


def _bench(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        env={k: v for k, v in os.environ.items() if not k.endswith("_DATABASE_URL")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.proof
@pytest.mark.xdist_group("heavy")
def test_the_backfill_benchmark_ends_with_its_ratios_as_one_json_object() -> None:
    run = _bench("ingest_backfill", MINGSUAN_BENCH_ROWS="20000", MINGSUAN_BENCH_ROUNDS="1")
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout.splitlines()[-1])
    assert report["name"] == "ingest_backfill"
    assert set(report["ratios"]) == {"vs_copy", "vs_dlt"}
    assert all(ratio > 0 for ratio in report["ratios"].values())
    assert report["figures"]["rows"] == report["figures"]["dlt_rows"] == 20000
    assert report["figures"]["ours_peak_mib"] > 0
    assert report["machine"]["cores"] == os.cpu_count()


def test_an_unknown_benchmark_is_refused_with_the_known_ones() -> None:
    run = _bench("nonsense")
    assert run.returncode == 2
    assert "ingest_backfill" in run.stderr
    assert "ingest_backfill" in names()
