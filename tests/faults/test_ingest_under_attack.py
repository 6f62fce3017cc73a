"""The source under eight bad-mannered writers, the ingest killed again and again: every batch is still the truth."""

import os
import random
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from pipelines.bookkeeping import last_batch, prepare
from pipelines.warehouse import connect, owned
from tests.faults.oracle import Oracle
from tests.faults.writers import Writers

EVERY_S = 0.2
INGESTER = """
import sys
from pathlib import Path
from mingsuan.settings import Settings
from pipelines.ingest import ingest
settings = Settings(var=Path(sys.argv[1]))
for _ in sys.stdin:
    print(ingest(settings, sys.argv[2]).batch_id, flush=True)
"""


class _Ingester:
    """A process that ingests when it is told, and can be killed at any point."""

    def __init__(self, settings: Settings, reader_url: str) -> None:
        self._command = [sys.executable, "-c", INGESTER, str(settings.var), reader_url]
        self._durations = [0.6]
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def batch(self) -> None:
        began = time.monotonic()
        self._tell()
        assert self._process.stdout is not None
        answer = self._process.stdout.readline().strip()
        assert answer.isdigit(), self._process.communicate()[1]
        self._durations.append(time.monotonic() - began)

    def killed_batch(self, chance: random.Random) -> None:
        self._tell()
        time.sleep(chance.uniform(0, 1.1 * statistics.median(self._durations)))
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.communicate()
        self._start()

    def end(self) -> None:
        self._process.communicate("", timeout=30)

    def _tell(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()


def _batches(settings: Settings) -> int:
    with owned(settings, "test"), connect(settings) as warehouse:
        prepare(warehouse)
        batch = last_batch(warehouse)
    return batch.batch_id if batch else 0


@pytest.mark.proof
@pytest.mark.xdist_group("heavy")
def test_every_batch_is_the_source_at_one_instant_whatever_happens(
    fresh_database: DatabaseUrls, tmp_path: Path, full_counts: bool
) -> None:
    kills, longest_hold_s = (50, 5.0) if full_counts else (6, 1.0)
    settings = Settings(var=tmp_path)
    chance = random.Random(20260101)  # noqa: S311  (no secret)
    oracle = Oracle.install(fresh_database.owner)
    checked, completed = 0, 0
    with Writers(fresh_database.app, longest_hold_s) as writers:
        ingester = _Ingester(settings, fresh_database.reader)
        for turn in range(2 * kills + 2):
            began = time.monotonic()
            if turn % 2:
                ingester.killed_batch(chance)
            else:
                ingester.batch()
                completed += 1
            batches = _batches(settings)
            if batches > checked:
                assert oracle.differences(settings) == []
                assert batches == checked + 1
                checked = batches
            time.sleep(max(0.0, EVERY_S - (time.monotonic() - began)))
        ingester.end()
    assert checked >= completed == kills + 1
    assert oracle.late_updates() > 0
    assert writers.done["rolled back"] > 0
    assert {"_new_order", "_late_update", "_quick_update", "_nested", "_very_nested"} <= writers.done.keys()
