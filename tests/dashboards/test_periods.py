"""Periods are whole days, and the one before is as long and touches it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.periods import PRESETS, Period, Preset, anchor, parsed, preset, written

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(DAYS, st.integers(0, 900))
def test_the_period_before_is_as_long_and_ends_the_day_before(first: date, length: int) -> None:
    period = Period(first, first + timedelta(days=length))
    assert period.before.length == period.length
    assert period.before.last + timedelta(days=1) == period.first


@given(DAYS, DAYS)
def test_an_address_gives_back_the_period_that_it_was_written_from(one: date, other: date) -> None:
    period = Period(min(one, other), max(one, other))
    assert parsed(written(period)) == period


@pytest.mark.parametrize("text", [None, "", "2026-01-01", "2026-01-02..2026-01-01", "a..b", "2026-13-01..2026-13-02"])
def test_nonsense_in_the_address_is_no_period(text: str | None) -> None:
    assert parsed(text) is None


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("7d", date(2026, 3, 9), date(2026, 3, 15)),
        ("30d", date(2026, 2, 14), date(2026, 3, 15)),
        ("90d", date(2025, 12, 16), date(2026, 3, 15)),
        ("month", date(2026, 3, 1), date(2026, 3, 15)),
        ("last_month", date(2026, 2, 1), date(2026, 2, 28)),
        ("all", date(2025, 1, 2), date(2026, 3, 15)),
        ("custom", date(2026, 2, 14), date(2026, 3, 15)),
    ],
)
def test_presets_count_back_from_the_last_day(name: Preset, first: date, last: date) -> None:
    assert preset(name, date(2025, 1, 2), date(2026, 3, 15)) == Period(first, last)


def test_every_preset_is_a_period_even_when_the_first_posting_lies_after_the_as_of_date() -> None:
    for name in PRESETS:
        assert preset(name, date(2026, 5, 1), date(2026, 3, 15)).last <= date(2026, 3, 15)


def test_presets_end_with_the_last_day_that_is_over_or_has_postings() -> None:
    as_of = date(2026, 6, 30)
    assert anchor(as_of, as_of) == as_of
    assert anchor(as_of, date(2026, 6, 29)) == date(2026, 6, 29)
    assert anchor(as_of, date(2026, 6, 20)) == date(2026, 6, 29)


def test_presets_end_with_the_last_posting_when_the_shop_fell_silent_long_ago_or_went_on_after_the_as_of_date() -> None:
    as_of = date(2026, 6, 30)
    assert anchor(as_of, date(1998, 6, 30)) == date(1998, 6, 30)
    assert anchor(as_of, date(2026, 7, 3)) == date(2026, 7, 3)


def test_long_periods_get_wider_bars() -> None:
    start = date(2026, 1, 1)
    grains = [Period(start, start + timedelta(days=length - 1)).grain for length in (92, 93, 735, 736)]
    assert grains == ["day", "week", "week", "month"]
