"""Publishing a build that passed: what a version holds, what it shares with the one before, and what is refused."""

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from mingsuan import clock, snapshot
from mingsuan.semantics import declared
from mingsuan.semantics.compiler import Question, compiled
from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.publish import NotPublishableError, publish
from tests.warehouse import built
from tests.warehouse.hand_fed import SOURCE_INSTANT, close_batch

pytestmark = pytest.mark.xdist_group("dbt")
SHARED = ("fct_ledger_entries-2026-03", "fct_margin_lines-2026-03", "fct_order_items-2026-03")


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Settings:
    """A built shop of its own, not published yet."""
    made = built.hand_fed_shop(tmp_path_factory.getbasetemp())
    shutil.copytree(made.var / "warehouse", tmp_path / "warehouse")
    return Settings(var=tmp_path, keep_versions=2)


def _sql(settings: Settings, statement: str) -> None:
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        connection.execute(statement)


def _attempt(settings: Settings) -> dict[str, object]:
    content: dict[str, object] = json.loads((settings.published_dir / "last_attempt.json").read_text())
    return content


def test_a_version_holds_facts_marts_and_the_health_of_its_build(settings: Settings) -> None:
    version = publish(settings)
    assert snapshot.resolve(settings) == version.folder
    with snapshot.open_snapshot(version.folder) as connection:
        counts = {
            table: connection.execute(f"select count(*) from {table}").fetchall()[0][0]
            for table in [*version.manifest["row_counts"], "health_tests", "health_tables", "health_batches"]
        }
        ours = connection.execute("select source_rows, raw_current_rows from health_tables where table_name = 'orders'")
        assert ours.fetchone() == (5, 5)
        margins = connection.execute(
            "select status, failures, failing_since from health_tests where name = 'margins_equal_ledger'"
        )
        assert margins.fetchone() == ("pass", 0, None)
    assert {table: counts[table] for table in version.manifest["row_counts"]} == version.manifest["row_counts"]
    assert (counts["fct_order_items"], counts["mart_profit_daily"], counts["health_batches"]) == (6, 5, 1)
    assert counts["health_tests"] == version.manifest["tests"]["passed"] > 60


def test_a_version_answers_why_profit_moved(settings: Settings) -> None:
    with snapshot.open_snapshot(publish(settings).folder) as connection:
        days = ["2026-03-02", "2026-03-02", "2026-03-03", "2026-03-31"]
        steps = connection.execute("select * from profit_bridge(?, ?, ?, ?)", days).fetchall()
        assert (len(steps), steps[0][3], steps[-1][4]) == (12, 446, 3346 - 446)
        assert sum(step[2] for step in steps) == 3346 - 2 * 446


def test_a_version_answers_questions_in_the_declared_words(settings: Settings) -> None:
    folder = publish(settings).folder
    question = Question(("net_sales", "cm3", "orders"), by=("product__slug",), grain="month")
    asked = compiled(declared.of_version(folder), question)
    march = date(2026, 3, 1)
    with snapshot.open_snapshot(folder) as connection:
        assert connection.execute(asked.sql, asked.parameters).fetchall() == [
            (march, "games-card", 6500, 646, 4),
            (march, "music-card", 3000, 3000, 2),
            (march, None, 0, -300, 0),
        ]


def test_the_manifest_says_what_the_version_is_made_from(settings: Settings) -> None:
    manifest = snapshot.manifest(publish(settings).folder)
    assert manifest["version"] == "20260331T040000Z-b1"
    assert manifest["source_instant"] == SOURCE_INSTANT.isoformat()
    assert (manifest["batch_id"], manifest["source_snapshot"], manifest["system_identifier"]) == (1, "10:20:", "7")
    assert (manifest["as_of_date"], manifest["currency"], manifest["timezone"]) == (
        "2026-03-31",
        "CNY",
        "Asia/Shanghai",
    )
    assert manifest["simulated"] is False
    assert manifest["oldest_transaction_age_s"] == 0.5
    assert (manifest["tests"]["failed"], manifest["tests"]["warned"]) == (0, 0)


def test_a_second_version_of_the_same_instant_has_its_own_name_and_shares_segments(settings: Settings) -> None:
    first, second = publish(settings), publish(settings)
    assert second.name == f"{first.name}-r2"
    assert snapshot.resolve(settings).name == second.name
    for name in SHARED:
        ours, theirs = (version.folder / "segments" / f"{name}.parquet" for version in (second, first))
        assert ours.samefile(theirs)
    assert _attempt(settings)["version"] == second.name


def test_a_reader_of_the_older_version_reads_on_after_the_swap(settings: Settings) -> None:
    first = publish(settings)
    with snapshot.open_snapshot(snapshot.resolve(settings)) as reader:
        publish(settings)
        assert reader.execute("select count(*) from fct_ledger_entries").fetchone() == (
            first.manifest["row_counts"]["fct_ledger_entries"],
        )


def test_versions_that_are_no_longer_kept_are_removed_and_remains_of_killed_ones(settings: Settings) -> None:
    first = publish(settings)
    killed = settings.published_dir / "versions/.20260101T000000Z-b1.draft"
    killed.mkdir()
    with clock.at(clock.now() + timedelta(minutes=16)):
        second = publish(settings)
        third = publish(settings)
    assert not first.folder.exists()
    assert not killed.exists()
    left = sorted(path.name for path in (settings.published_dir / "versions").iterdir())
    assert left == [second.name, third.name]


def test_the_folder_can_be_moved(settings: Settings, tmp_path: Path) -> None:
    publish(settings)
    moved = tmp_path.parent / f"{tmp_path.name}-moved"
    tmp_path.rename(moved)
    with snapshot.open_snapshot(snapshot.resolve(Settings(var=moved))) as connection:
        assert connection.execute("select sum(cm3_fen) from fct_order_items").fetchone() == (3646,)


def _close_another_batch(settings: Settings) -> None:
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        close_batch(connection, 2, SOURCE_INSTANT + timedelta(hours=1))


NEVER_BUILT = "drop table meta.build_run"
FAILED = "update meta.test_result set status = 'fail', message = 'Got 1 result' where name = 'margins_equal_ledger'"


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda settings: _sql(settings, NEVER_BUILT), "nothing was built yet"),
        (
            lambda settings: _sql(settings, FAILED),
            "1 blocking test.* failed: margins_equal_ledger on fct_.*Got 1 result",
        ),
        (_close_another_batch, "the last build is of batch 1, and batch 2 came after"),
    ],
)
def test_a_build_that_failed_or_is_old_is_refused(
    settings: Settings, break_it: Callable[[Settings], None], reason: str
) -> None:
    before = publish(settings)
    break_it(settings)
    with pytest.raises(NotPublishableError, match=reason):
        publish(settings)
    assert snapshot.resolve(settings) == before.folder
