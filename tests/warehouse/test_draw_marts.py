"""Facts and marts of draws, on draws whose figures were summed by hand (see `hand_fed_draws`)."""

from pathlib import Path

import duckdb
import pytest

from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.build import build
from pipelines.publish import NotPublishableError, publish
from tests.warehouse import hand_fed, hand_fed_draws

pytestmark = pytest.mark.xdist_group("dbt")


def test_a_draw_that_verifies_is_green_and_others_wait_or_are_void(small: duckdb.DuckDBPyConnection) -> None:
    rows = small.execute(
        "select draw_no, state, verdict, is_verified, standing, books_differ, missing_draws_before, house_prizes,"
        " expected_house_prizes, is_policy_published from mart_draw_audit order by draw_no"
    ).fetchall()
    assert rows == [
        (1, "decided", "VALID", True, "green", None, 0, 0, 2 * 9 / 40, True),
        (2, "open", "pending", None, "pending", None, 0, 0, 0.0, None),
        (3, "void", "VOID", True, "green", None, 0, 0, 0.0, True),
    ]


def test_times_of_a_draw_run_from_its_opening_to_its_result(small: duckdb.DuckDBPyConnection) -> None:
    # Four batches ten seconds apart; committed twenty later; the round is the formula's, the result four after it.
    row = small.execute(
        "select open_seconds, result_delay_seconds, delay_seconds, accepted_entries, picked_prizes from fct_draws"
        " where draw_no = 1"
    ).fetchone()
    assert row == (40, 4, 600, 40, 2)


def test_stakes_stand_while_a_draw_is_open_and_go_back_when_it_is_void(small: duckdb.DuckDBPyConnection) -> None:
    economics = small.execute(
        "select draw_no, n_players, stakes_taken_fen, stakes_returned_fen, stakes_standing_fen, draw_income_fen,"
        " open_prizes_value_fen, cm3_fen from mart_draw_economics order by draw_no"
    ).fetchall()
    assert economics == [
        (1, 2, 0, 0, 0, 0, 10_000, 0),
        (2, 2, 1_200, 0, 1_200, 0, 0, 0),
        (3, 2, 600, 600, 0, 0, 0, 0),
    ]
    outcomes = small.execute(
        "select draw_no, stake_outcome, cast(sum(range_entries) as bigint) from fct_draw_entries"
        " group by draw_no, stake_outcome order by draw_no, stake_outcome"
    ).fetchall()
    assert outcomes == [(1, "none", 40), (2, "none", 8), (2, "standing", 12), (3, "none", 6), (3, "returned", 6)]


def test_one_decided_draw_tells_nothing_of_uniformity(small: duckdb.DuckDBPyConnection) -> None:
    rows = small.execute(
        "select scope, test, n_draws, n_picks, observed_house_picks, p_value from mart_draw_uniformity order by all"
    ).fetchall()
    assert rows == [
        ("all", "house", 1, 2, 0, None),
        ("all", "place", 1, 2, None, None),
        ("promotional", "house", 1, 2, 0, None),
        ("promotional", "place", 1, 2, None, None),
    ]


def test_a_draw_without_a_verdict_is_named_and_stops_publication_while_a_forged_one_is_published_red(
    tmp_path: Path,
) -> None:
    settings = Settings(var=tmp_path / "v", as_of_date=None)
    hand_fed.feed(settings, hand_fed_draws.one_without_a_verdict)
    result = build(settings)
    assert [test.name for test in result.blocking] == ["draws_have_verdicts"]
    assert "draw_no 3," in (result.refusal() or "")
    assert "it has no public bundle" in (result.refusal() or "")
    with pytest.raises(NotPublishableError, match="draw_no 3,"):
        publish(settings)
    assert not (settings.published_dir / "current").exists()
    [warned] = [test for test in result.tests if test.status == "warn"]
    assert warned.name == "draws_are_verified"
    assert "draw_no 2, verdict WRONG-WINNERS" in (warned.message or "")
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        connection.execute("use warehouse.analytics")
        standing = connection.execute("select draw_no, standing from mart_draw_audit order by draw_no").fetchall()
        assert standing == [(1, "green"), (2, "red"), (3, "missing")]
        _earned(connection)


def _earned(connection: duckdb.DuckDBPyConnection) -> None:
    """22 of 40 entries were paid, 100 fen each, all of it earned; one of two prizes was handed over for 3000 fen."""
    row = connection.execute(
        "select stakes_taken_fen, stakes_standing_fen, draw_income_fen, draw_prizes_fen, open_prizes, cm1_fen, cm3_fen"
        " from mart_draw_economics where draw_no = 1"
    ).fetchone()
    assert row == (2_200, 0, 2_200, 3_000, 1, 2_200, -800)
    components = connection.execute(
        "select component, cast(sum(amount_fen) as bigint) from fct_margin_lines"
        " where component in ('draw_income', 'draw_prizes') group by component order by component"
    ).fetchall()
    assert components == [("draw_income", 2_200), ("draw_prizes", 3_000)]
