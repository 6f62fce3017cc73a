"""Figures are written exactly, in the product's own way."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import format as written


def test_amounts_have_thousands_two_places_and_a_real_minus() -> None:
    assert written.amount(123456, "CNY") == "¥1,234.56"
    assert written.amount(-5, "CNY") == "−¥0.05"
    assert written.amount(1234, "JPY") == "¥1,234"


def test_a_change_carries_its_sign_and_none_is_neither() -> None:
    assert [written.change(fen, "CNY") for fen in (1, 0, -1)] == ["+¥0.01", "¥0.00", "−¥0.01"]


@given(st.integers(-(10**17), 10**17))
def test_yuan_are_exact_at_any_size(fen: int) -> None:
    assert written.yuan(fen, "CNY") * 100 == fen
    assert written.yuan(fen, "JPY") == fen


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), (0, "0.0%"), (Decimal("0.12345"), "12.3%"), (0.00049, "0.0%"), (-0.5, "−50.0%"), (-0.0001, "0.0%")],
)
def test_rates_have_one_decimal_and_no_negative_zero(value: Decimal | float | None, text: str) -> None:
    assert written.rate(value) == text


def test_points_are_signed_and_zero_is_not() -> None:
    assert [written.points(Decimal(v)) for v in ("0.015", "-0.004", "0")] == ["+1.5", "−0.4", "0.0"]


def test_a_share_of_nothing_is_unknown_not_zero() -> None:
    assert written.share(0, 0) is None
    assert written.share(1, 4) == Decimal("0.25")


def test_instants_name_their_zone() -> None:
    moment = datetime(2026, 6, 30, 4, 10, tzinfo=UTC)
    assert written.instant(moment, ZoneInfo("Asia/Shanghai")) == "2026-06-30 12:10 Asia/Shanghai (UTC+08:00)"
    assert written.instant(moment, ZoneInfo("America/St_Johns")) == "2026-06-30 01:40 America/St_Johns (UTC-02:30)"


@pytest.mark.parametrize(
    ("elapsed", "text"),
    [
        (timedelta(seconds=-5), "0 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
        (timedelta(hours=49), "2 d 1 h"),
    ],
)
def test_an_age_is_told_in_the_two_units_that_matter(elapsed: timedelta, text: str) -> None:
    assert written.age(elapsed, str) == text


def test_short_durations_are_seconds_and_unknown_ones_a_dash() -> None:
    assert written.seconds(1.46, str) == "1.5 s"
    assert written.seconds(600, str) == "10 min"
    assert written.seconds(None, str) == "—"


def test_one_day_is_not_written_as_a_range() -> None:
    assert written.period(date(2026, 6, 1), date(2026, 6, 1)) == "2026-06-01"
    assert written.period(date(2026, 6, 1), date(2026, 6, 2)) == "2026-06-01 – 2026-06-02"


def test_whole_days_lose_their_decimals() -> None:
    assert [written.days(value) for value in (94.0, 34.5, None)] == ["94", "34.5", "—"]


def test_coverage_is_a_share_or_nothing() -> None:
    assert written.coverage(3000, 6000) == Decimal("0.5")
    assert written.coverage(0, 100) == 0
    assert written.coverage(-5000, 5000) is None  # sold at unknown cost, refunded at known cost
    assert written.coverage(200, 100) is None
    assert written.coverage(0, 0) is None
