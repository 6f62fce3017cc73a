"""A membership's price is earned day by day, and all of it when its days are over."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from transactional.orders.membership_rules import releases

START = date(2026, 1, 31)


@given(st.integers(0, 10**9), st.integers(1, 3660), st.lists(st.integers(0, 4000), max_size=8))
def test_the_days_add_up_to_the_price_whenever_somebody_looks(net_fen: int, days: int, looks: list[int]) -> None:
    released = 0
    seen: list[date] = []
    for day in sorted([*looks, days]):
        for earned_on, fen in releases(net_fen, days, released, START, START + timedelta(days=day)):
            assert fen > 0
            assert START <= earned_on < START + timedelta(days=min(day, days))
            seen.append(earned_on)
            released += fen
        assert released == net_fen * min(day, days) // days
    assert released == net_fen
    assert seen == sorted(set(seen))


def test_ten_yuan_over_three_days() -> None:
    assert list(releases(1000, 3, 0, START, START + timedelta(days=9))) == [
        (date(2026, 1, 31), 333),
        (date(2026, 2, 1), 333),
        (date(2026, 2, 2), 334),
    ]


def test_nothing_is_earned_before_it_begins_or_twice() -> None:
    assert list(releases(1000, 3, 0, START, START)) == []
    assert list(releases(1000, 3, 0, START, START - timedelta(days=5))) == []
    assert list(releases(1000, 3, 333, START, START + timedelta(days=1))) == []
