"""Winners that chance picks pass the tests of uniformity, and winners that somebody prefers do not."""

from pathlib import Path
from random import Random

import duckdb
import numpy as np
import pytest
from scipy.stats import chi2, chisquare

from mingsuan.progress import silent
from mingsuan.settings import Settings
from pipelines import draw_uniformity
from pipelines.build_context import BuildContext
from pipelines.draw_uniformity import Drawn, by_house, by_place, uniformity_of
from tests.pipelines.audited_draws import Audit, instant

_CONTEXT = BuildContext(instant(0).date(), instant(0), 1, "CNY", "Asia/Shanghai", False)


def _picked(seed: int, draws: int, entries: int, winners: int, house: int) -> list[Drawn]:
    """Fair draws in which the house has the first entries."""
    chance = Random(seed)  # noqa: S311
    told = [tuple(chance.sample(range(entries), winners)) for _ in range(draws)]
    return [Drawn("promotional", entries, house, picks, sum(pick < house for pick in picks)) for picks in told]


def test_with_one_winner_each_the_statistic_is_pearsons() -> None:
    draws = _picked(1, 200, 1_000, 1, 100)
    observed = np.bincount([draw.picks[0] // 100 for draw in draws], minlength=10)
    found, pearson = uniformity_of(map(by_place, draws)), chisquare(observed)
    assert (found.chi_square, found.p_value) == pytest.approx((pearson.statistic, pearson.pvalue))
    assert found.degrees_of_freedom == 9


def test_four_house_wins_of_eight_where_one_was_expected_are_worked_by_hand() -> None:
    # Eight draws of eight entries, one the house's, one winner: expected 1, variance 8 * (1/8) * (7/8) = 7/8.
    draws = [Drawn("paid", 8, 1, (0,), 1)] * 4 + [Drawn("paid", 8, 1, (5,), 0)] * 4
    found = uniformity_of(map(by_house, draws))
    assert found.chi_square == pytest.approx(9 / (7 / 8))
    assert (found.degrees_of_freedom, found.p_value) == (1, None)  # too few to be sure of the distribution
    assert uniformity_of(map(by_house, draws * 5)).p_value == pytest.approx(chi2.sf(5 * 9 / (7 / 8), 1))


def test_p_values_of_fair_draws_are_uniform_though_a_draw_never_picks_an_entry_twice() -> None:
    found = [_p_values(seed) for seed in range(200)]
    for values in zip(*found, strict=True):
        assert 0.01 <= np.mean(np.array(values) < 0.05) <= 0.1
        assert 0.42 <= np.mean(values) <= 0.58


def _p_values(seed: int) -> tuple[float, float]:
    draws = _picked(seed, 30, 60, 20, 12)
    place, house = uniformity_of(map(by_place, draws)), uniformity_of(map(by_house, draws))
    assert place.p_value is not None
    assert house.p_value is not None
    return place.p_value, house.p_value


def test_a_house_that_wins_twice_as_often_as_it_should_is_told() -> None:
    chance = Random(7)  # noqa: S311
    preferred = [
        Drawn("paid", 100, 10, (0,), 1) if chance.random() < 0.2 else Drawn("paid", 100, 10, (50,), 0)
        for _ in range(200)
    ]
    assert (uniformity_of(map(by_house, preferred)).p_value or 1.0) < 0.01


def test_draws_in_which_all_win_or_none_is_the_houses_prove_nothing() -> None:
    everybody = uniformity_of([by_place(Drawn("paid", 3, 0, (0, 1, 2), 0)), by_place(Drawn("paid", 1, 0, (0,), 0))])
    assert (everybody.chi_square, everybody.degrees_of_freedom, everybody.p_value) == (0.0, 0, None)
    assert uniformity_of([by_house(Drawn("paid", 30, 0, (7,), 0))]).degrees_of_freedom == 0


def test_the_table_has_a_row_for_all_and_each_mode_and_counts_first_picks_only(tmp_path: Path) -> None:
    audit = Audit(Settings(var=tmp_path))
    for number, mode in enumerate(("paid", "promotional"), 1):
        audit.insert("draw", {"id": number, "mode": mode, "next_index": 40, "house_count": 10, "free_count": 30})
        for entry, first, count, kind in ((number * 2, 0, 10, "house"), (number * 2 + 1, 10, 30, "free")):
            row = {"id": entry, "draw_id": number, "first_index": first, "count": count, "kind": kind}
            audit.insert("draw_entry", row)
    picks = [(1, 3, 2, None), (1, 20, 3, None), (1, 21, 3, 1), (2, 9, 4, None)]
    for place, (draw, index, entry, replaced) in enumerate(picks):
        won = {"draw_id": draw, "place": place, "entry_index": index, "entry_id": entry, "replaces_id": replaced}
        audit.insert("draw_winner", won)
    draw_uniformity.compute(audit.connection, audit.settings, _CONTEXT, silent)
    rows = _house_rows(audit.connection)
    assert rows == [("all", 2, 3, 2, 0.75), ("paid", 1, 2, 1, 0.5), ("promotional", 1, 1, 1, 0.25)]
    assert audit.connection.execute("select count(*) from computed.draw_uniformity").fetchone() == (6,)


def _house_rows(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return connection.execute(
        "select scope, n_draws, n_picks, observed_house_picks, expected_house_picks from computed.draw_uniformity"
        " where test = 'house' order by scope"
    ).fetchall()
