"""Odds and fairness as the pages show them, against SciPy and worked cases; and the picks told step by step."""

from itertools import islice

import pytest
from scipy import stats

from transactional.draws import page_computation, rules
from transactional.draws.page_odds import Drawn, chance, exceeded, fairness


@pytest.mark.parametrize(("own", "entries", "winners"), [(1, 100, 1), (3, 40, 2), (12, 6888, 5), (7, 10, 3), (2, 3, 9)])
def test_the_chance_is_that_of_drawing_without_putting_back(own: int, entries: int, winners: int) -> None:
    none = stats.hypergeom(entries, own, min(winners, entries)).pmf(0)
    assert chance(own, entries, winners) == pytest.approx(1 - none)


def test_who_has_no_entry_has_no_chance_and_who_has_all_wins() -> None:
    assert chance(0, 10, 2) == chance(1, 0, 1) == 0
    assert chance(9, 10, 2) == 1


@pytest.mark.parametrize("square", [0.0, 0.5, 4.2, 9.0, 16.92, 40.0])
def test_how_often_chance_gives_as_much_is_as_scipy_has_it(square: float) -> None:
    assert exceeded(square, 9) == pytest.approx(stats.chi2.sf(square, 9), rel=1e-9, abs=1e-12)


def test_winners_are_counted_in_tenths_of_their_own_draw() -> None:
    found = fairness([Drawn(10, 1, [0, 9], 0), Drawn(1000, 500, [99, 100, 999], 2)])
    assert found.parts == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert found.expected_parts == pytest.approx([0.5] * 10)
    assert (found.draws, found.winners, found.house_wins) == (2, 5, 2)
    assert found.expected_house == pytest.approx(2 * 0.1 + 3 * 0.5)
    variance = stats.hypergeom(10, 1, 2).var() + stats.hypergeom(1000, 500, 3).var()
    assert found.deviation_house == pytest.approx(variance**0.5)
    assert found.p_value is None  # five winners tell nothing


def test_tenths_of_a_draw_that_ten_does_not_divide_expect_as_many_as_fall_into_them() -> None:
    found = fairness([Drawn(13, 0, list(range(13)), 0)])
    assert found.expected_parts == pytest.approx(found.parts)
    assert found.chi_square == pytest.approx(0)


def test_winners_that_crowd_at_the_end_are_suspicious_and_evenly_spread_ones_are_not() -> None:
    even = fairness([Drawn(100, 0, [index], 0) for index in range(100)])
    crowded = fairness([Drawn(100, 0, [index], 0) for index in [*range(70, 100), *range(30, 100)]])
    assert even.p_value == pytest.approx(1)
    assert crowded.p_value is not None
    assert crowded.p_value < 0.001


@pytest.mark.parametrize("entries", [1, 2, 40, 997])
def test_the_picks_that_are_told_are_those_that_decide(entries: int) -> None:
    seed = bytes(range(32))
    told = list(page_computation.picks(seed, entries))
    assert [pick.index for pick in told] == list(rules.picks(seed, entries))
    for pick in islice(told, 20):
        assert int(pick.block_hash, 16) % pick.among == pick.remainder
        assert pick.chosen == pick.place + pick.remainder
