"""What readers see while the warehouse is written, and after a blocking test refused a new version: a real refresh."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from mingsuan import clock, snapshot
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from pipelines.publish import NotPublishableError
from pipelines.refresh import refresh
from tests.dashboards.conftest import open_page
from tests.pipelines.short_history import shop_with_history, tamper

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("dbt")]
PAGES = ("profit", "repurchase", "health")
Figures = dict[str, list[str]]
WRITER = """
import duckdb, sys
with duckdb.connect(sys.argv[1]) as warehouse:
    warehouse.execute("begin")
    warehouse.execute("update raw_current.ledger_entry set amount_fen = 2 * amount_fen")
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory, module_database: DatabaseUrls) -> Settings:
    """A shop with a short history, and its first published version."""
    settings = shop_with_history(tmp_path_factory.mktemp("written"), module_database)
    refresh(settings, module_database.reader, as_of="1997-03-02")
    return settings


@pytest.fixture
def settings(refreshed: Settings, bound_to_this_machine: None, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The shop that the pages look into."""
    monkeypatch.setenv("MINGSUAN_VAR", str(refreshed.var))
    return refreshed


def read_page(name: str) -> tuple[AppTest, list[str]]:
    """A page and its figures, without the age of the data, which grows."""
    page = open_page(name, lang="en", period="all")
    assert [each.value for each in page.exception] == []
    assert [each.value for each in page.title] == [], "a page instead of figures"
    return page, [metric.value for metric in page.metric if metric.label != "Age"]


def figures() -> Figures:
    return {name: read_page(name)[1] for name in PAGES}


@dataclass
class Readers:
    """What pages showed, round after round."""

    seen: list[Figures] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)


@contextmanager
def reading() -> Iterator[Readers]:
    """Opens the three pages again and again in a thread."""
    readers, leave = Readers(), threading.Event()

    def read() -> None:
        while not leave.is_set():
            try:
                readers.seen.append(figures())
            except BaseException as error:  # noqa: BLE001  (whatever it is, the test shows it)
                readers.errors.append(error)
                return

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    yield readers
    leave.set()
    thread.join()


@contextmanager
def another_process_writes(warehouse: Path) -> Iterator[None]:
    """Another process has the warehouse file open, in the middle of a transaction."""
    command = [sys.executable, "-c", WRITER, str(warehouse)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        with pytest.raises(duckdb.IOException, match="Could not set lock"):
            duckdb.connect(str(warehouse), read_only=True)
        yield
        process.communicate()


@pytest.mark.proof
def test_pages_answer_while_another_process_is_in_the_middle_of_writing(settings: Settings) -> None:
    before = figures()
    assert before["profit"][0] == "$108.77"
    with another_process_writes(settings.warehouse_file):
        assert [figures() for _ in range(2)] == [before, before]


@pytest.mark.proof
def test_a_refused_update_leaves_figures_as_they_were_and_says_which_test_failed_since_when(
    settings: Settings, module_database: DatabaseUrls
) -> None:
    """Documents that say one fen more than the ledger: pages are read all the while, and afterwards."""
    before, current = figures(), snapshot.resolve(settings)
    tamper(settings, "document_line", 1)
    began = clock.now()
    with reading() as readers, pytest.raises(NotPublishableError, match="margins_equal_ledger"):
        refresh(settings, module_database.reader)
    ended = clock.now()
    assert readers.errors == []
    assert len(readers.seen) > 1
    assert all(seen == before for seen in readers.seen)
    assert snapshot.resolve(settings) == current

    attempt = json.loads((settings.published_dir / "last_attempt.json").read_text())
    [failed] = [test for test in attempt["tests"] if test["name"] == "margins_equal_ledger"]
    since = datetime.fromisoformat(failed["failing_since"])
    assert began <= since <= ended
    health, shown = read_page("health")
    assert shown == before["health"]
    banner = health.error[0].value
    assert f"**The update of {local(attempt['attempted_at'])} was not published.**" in banner
    assert f"`margins_equal_ledger` on `fct_margin_lines`: 1 rows, failing since {local(failed['failing_since'])}." in (
        banner
    )
    profit, shown = read_page("profit")
    assert shown == before["profit"]
    [notice] = profit.error
    assert notice.value.startswith("The last update was not published (margins_equal_ledger")


def local(instant: str) -> str:
    """As people read it in the shop's zone."""
    return f"{datetime.fromisoformat(instant).astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M}" + (
        " Asia/Shanghai (UTC+08:00)"
    )
