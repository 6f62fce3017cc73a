"""Since when a test fails, over the history of builds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from pipelines.dbt_run import NodeResult
from pipelines.test_results import TestResult, of_run, record

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _node(name: str, status: str, *, resource_type: str = "test", severity: str = "error") -> NodeResult:
    return NodeResult(
        f"test.mingsuan.{name}",
        name,
        resource_type,
        "mart_profit_daily",
        None,
        severity,
        status,
        3,
        "Got 3 results",
        "Adds up.",
        "/x/adds_up.sql",
        None,
        0.01,
    )


def _run(connection: duckdb.DuckDBPyConnection, day: int, *nodes: NodeResult) -> tuple[TestResult, ...]:
    return record(connection, f"run{day}", MONDAY + timedelta(days=day), nodes)


def test_a_failing_test_keeps_the_date_of_its_first_failure_until_it_passes() -> None:
    with duckdb.connect() as connection:
        assert _run(connection, 0, _node("adds_up", "pass"))[0].failing_since is None
        assert _run(connection, 1, _node("adds_up", "fail"))[0].failing_since == MONDAY + timedelta(days=1)
        assert _run(connection, 2, _node("adds_up", "error"))[0].failing_since == MONDAY + timedelta(days=1)
        assert _run(connection, 3, _node("adds_up", "pass"))[0].failing_since is None
        assert _run(connection, 4, _node("adds_up", "fail"))[0].failing_since == MONDAY + timedelta(days=4)


def test_a_skipped_test_neither_passes_nor_forgets() -> None:
    with duckdb.connect() as connection:
        _run(connection, 1, _node("adds_up", "fail"))
        assert _run(connection, 2, _node("adds_up", "skipped")) == ()
        assert _run(connection, 3, _node("adds_up", "fail"))[0].failing_since == MONDAY + timedelta(days=1)


def test_a_warning_does_not_block_and_a_broken_model_does() -> None:
    with duckdb.connect() as connection:
        results = _run(
            connection,
            0,
            _node("late", "warn", severity="warn"),
            _node("mart_profit_daily", "error", resource_type="model"),
            _node("dim_skus", "success", resource_type="model"),
        )
    assert {result.name: result.blocks for result in results} == {"late": False, "mart_profit_daily": True}


def test_the_sentence_names_test_model_date_and_file() -> None:
    with duckdb.connect() as connection:
        (result,) = _run(connection, 0, _node("adds_up", "fail"))
    assert result.sentence() == (
        "adds_up on mart_profit_daily: fail, failing since 2026-03-02 09:00 UTC. Got 3 results SQL: /x/adds_up.sql"
    )


def test_results_of_a_run_are_kept_broken_ones_first_and_forgotten_after_a_month() -> None:
    with duckdb.connect() as connection:
        kept = _run(connection, 0, _node("a", "pass"), _node("b", "fail"))
        assert of_run(connection, "run0") == tuple(reversed(kept))
        _run(connection, 31, _node("a", "pass"))
        assert of_run(connection, "run0") == ()


def test_a_failing_test_tells_of_rows_that_it_found_and_a_broken_query_ends_no_transaction(tmp_path: Path) -> None:
    good, broken = tmp_path / "found.sql", tmp_path / "broken.sql"
    good.write_text("with found as (select 7 as draw_no, repeat('x', 500) as words) select * from found")
    broken.write_text("select nothing from nowhere")
    with duckdb.connect() as connection:
        connection.begin()
        nodes = [replace(_node(file.stem, "fail"), file=str(file)) for file in (good, broken)]
        found, unknown = _run(connection, 0, *nodes)
        connection.commit()
        assert [test.message for test in of_run(connection, "run0")] == [unknown.message, found.message]
    assert found.message == f"Got 3 results\nFor example: draw_no 7, words {'x' * 160}…"
    assert unknown.message == "Got 3 results"
