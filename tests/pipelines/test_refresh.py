"""From the shop's database to the published snapshot in one go, and what stays when a blocking test fails."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mingsuan import snapshot
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from pipelines.publish import NotPublishableError
from pipelines.refresh import refresh
from pipelines.source import UnsupportedColumnError
from tests.pipelines.short_history import shop_with_history, tamper

pytestmark = pytest.mark.xdist_group("dbt")


@pytest.fixture
def settings(tmp_path: Path, fresh_database: DatabaseUrls) -> Settings:
    """A shop with a short imported history."""
    return shop_with_history(tmp_path, fresh_database)


class Reader(threading.Thread):
    """Opens `current` and asks it, again and again, while the warehouse is written."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(daemon=True)
        self.settings = settings
        self.answers: set[int] = set()
        self.reads = 0
        self.errors: list[BaseException] = []
        self.leave = threading.Event()

    def run(self) -> None:
        while not self.leave.wait(0.2):
            try:
                with snapshot.open_snapshot(snapshot.resolve(self.settings)) as connection:
                    row = connection.execute("select sum(gross_sales_fen) from fct_order_items").fetchone()
                    assert row is not None
                    self.answers.add(int(row[0]))
                    self.reads += 1
            except BaseException as error:  # noqa: BLE001  (whatever it is, the test shows it)
                self.errors.append(error)


@contextmanager
def _reading(settings: Settings) -> Iterator[Reader]:
    reader = Reader(settings)
    reader.start()
    yield reader
    reader.leave.set()
    reader.join()


def _attempt(settings: Settings) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((settings.published_dir / "last_attempt.json").read_text())
    return content


def _failing(attempt: dict[str, Any]) -> dict[str, datetime]:
    return {
        test["name"]: datetime.fromisoformat(test["failing_since"])
        for test in attempt["tests"]
        if test["status"] == "fail"
    }


def _another_process_can_open(file: Path) -> bool:
    code = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('select 1')"
    return subprocess.run([sys.executable, "-c", code, str(file)], check=False, capture_output=True).returncode == 0


@pytest.mark.proof
def test_refresh_publishes_what_passed_and_nothing_else(settings: Settings, fresh_database: DatabaseUrls) -> None:
    """One story, since each of its four builds costs seconds."""
    first = refresh(settings, fresh_database.reader, as_of="1997-03-02")
    assert _another_process_can_open(settings.warehouse_file), "dbt must let go of the file"
    with snapshot.open_snapshot(snapshot.resolve(settings)) as connection:
        figures = "select count(*), count(distinct customer_key), sum(gross_sales_fen) from fct_order_items"
        assert connection.execute(figures).fetchone() == (4, 2, 10877)
        pooled = "select n_occasions, n_intervals, naive_median_days from mart_repurchase_intervals where scope = 'all'"
        assert connection.execute(pooled).fetchone() == (3, 1, 30.0)
    assert first.manifest["as_of_date"] == "1997-03-02"
    assert first.manifest["currency"] == "USD"

    tamper(settings, "ledger_entry", 1)
    with _reading(settings) as reader, pytest.raises(NotPublishableError, match="transactions_sum_to_zero on fct_"):
        refresh(settings, fresh_database.reader)
    assert reader.errors == []
    assert reader.reads > 3
    assert reader.answers == {10877}
    assert snapshot.resolve(settings) == first.folder
    attempt = _attempt(settings)
    since = _failing(attempt)["transactions_sum_to_zero"]
    assert (attempt["published"], attempt["version"]) == (False, None)
    assert "transactions_sum_to_zero" in attempt["error"]
    assert attempt["attempted_at"] >= since.isoformat()

    with pytest.raises(NotPublishableError):
        refresh(settings, fresh_database.reader)
    again = _attempt(settings)
    assert again["attempted_at"] > attempt["attempted_at"]
    assert _failing(again)["transactions_sum_to_zero"] == since

    tamper(settings, "ledger_entry", -1)
    with psycopg.connect(fresh_database.owner, autocommit=True) as shop:
        shop.execute("alter table shop.orders add column tip money")
        with pytest.raises(UnsupportedColumnError, match=r"shop\.orders\.tip has the type money"):
            refresh(settings, fresh_database.reader)
        assert snapshot.resolve(settings) == first.folder
        assert "shop.orders.tip" in _attempt(settings)["error"]
        shop.execute("alter table shop.orders drop column tip, add column gift_wrap text")
    with _reading(settings) as reader:
        mended = refresh(settings, fresh_database.reader)
    assert reader.errors == []
    assert snapshot.resolve(settings) == mended.folder != first.folder
    assert mended.manifest["as_of_date"] == "1997-03-02", "the chosen as-of date stays"
    assert mended.manifest["source_notes"] == ["orders.gift_wrap is new: VARCHAR"], "a new column is not passed over"
    assert _attempt(settings)["published"] is True
    assert _failing(_attempt(settings)) == {}
    shared = "segments/fct_order_items-1997-01.parquet"
    assert (mended.folder / shared).samefile(first.folder / shared)


def test_a_bad_as_of_date_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="neither a date"):
        refresh(Settings(var=tmp_path), "postgresql://nowhere", as_of="yesterday")
    assert not (tmp_path / "published").exists()


def test_a_source_that_does_not_answer_is_recorded_as_the_last_attempt(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    with pytest.raises(Exception, match=r"nowhere|connect|translate"):
        refresh(settings, f"postgresql:///x?host={tmp_path}/nowhere")
    attempt = _attempt(settings)
    assert attempt["published"] is False
    assert "nowhere" in attempt["error"]
