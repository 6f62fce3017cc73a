from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingsuan import money


def test_largest_remainder_matches_the_hand_computed_case() -> None:
    assert money.split(1000, [5000, 5000, 5000]) == [334, 333, 333]
    assert money.split(-1000, [1, 1, 1]) == [-334, -333, -333]
    assert money.split(100, [1, 2, 4]) == [14, 29, 57]


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_parts_add_up_and_each_is_within_one_of_its_exact_share(total: int, weights: list[int]) -> None:
    parts = money.split(total, weights)
    assert sum(parts) == total
    shares = weights if sum(weights) else [1] * len(weights)
    for part, weight in zip(parts, shares, strict=True):
        assert abs(part - Decimal(total) * weight / sum(shares)) < 1


def test_split_refuses_negative_weights_and_nothing() -> None:
    for weights in ([], [1, -1]):
        with pytest.raises(ValueError, match="weights"):
            money.split(10, weights)


@pytest.mark.parametrize(
    ("written", "currency", "fen"),
    [("12.30", "CNY", 1230), (" 0.05", "USD", 5), ("-7", "CNY", -700), ("1200", "JPY", 1200), ("+1.500", "CNY", 150)],
)
def test_amounts_are_read_exactly(written: str, currency: str, fen: int) -> None:
    assert money.parse(written, currency) == fen


@pytest.mark.parametrize(
    "written",
    [
        "",
        "abc",
        "1.234",
        "1." + "0" * 40 + "1",
        "NaN",
        "Infinity",
        "1,000.00",
        "1e2",
        "1e999999999",
        "1_000",
        "\N{FULLWIDTH DIGIT ONE}",
        "9" * 5000,
    ],
)
def test_what_is_not_an_exact_amount_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="amount of money|finer"):
        money.parse(written, "CNY")


def test_amounts_are_written_for_people_and_for_files() -> None:
    assert money.text(123456, "CNY") == "¥1,234.56"
    assert money.text(-5, "CNY") == "−¥0.05"
    assert money.plain(-5, "CNY") == "-0.05"
    assert money.text(1200, "JPY") == "¥1,200"


@given(st.integers(-(10**12), 10**12))
def test_plain_and_parse_are_inverse(fen: int) -> None:
    assert money.parse(money.plain(fen, "CNY"), "CNY") == fen
