"""How long a balance lasts: figures computed by hand, and when nothing can be said."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactional.suppliers.money.runway_rules import DAYS, Runway, runway


def test_four_days_by_hand() -> None:
    # average 200, standard deviation 81.65, divided by 2, times 3.182 (3 degrees of freedom): ± 129.9
    found = runway(1000, [100, 200, 300, 200])
    assert found is not None
    assert found.days == 5
    assert found.low == pytest.approx(1000 / 329.9, rel=1e-3)
    assert found.high == pytest.approx(1000 / 70.1, rel=1e-3)
    assert (found.daily_fen, found.day_count) == (200, 4)


def test_equal_days_leave_no_doubt() -> None:
    assert runway(1400, [100] * 14) == Runway(14, 14, 14, 100, 14)


@pytest.mark.parametrize("spent", [[], [100, 100], [0] * 14, [50, -60, 0]])
def test_too_little_is_known(spent: list[int]) -> None:
    assert runway(1000, spent) is None


def test_an_average_that_may_be_nothing_has_no_end() -> None:
    found = runway(1000, [0, 0, 0, 0, 0, 1000])
    assert found is not None
    assert found.high is None


def test_nothing_left_lasts_no_day() -> None:
    found = runway(-5, [100] * 5)
    assert found is not None
    assert found.days == found.low == 0


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**7), max_size=40))
def test_the_interval_holds_the_estimate_and_old_days_do_not_count(prepaid_fen: int, spent: list[int]) -> None:
    found = runway(prepaid_fen, spent)
    assert found == runway(prepaid_fen, spent[-DAYS:])
    if found:
        assert found.low <= found.days <= (inf if found.high is None else found.high) + 1e-9
