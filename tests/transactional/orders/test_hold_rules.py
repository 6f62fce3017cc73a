"""How long and how much anybody may keep unpaid: never more than the setting, never the whole shop."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from transactional.orders.hold_rules import Standing, hold_length, units_left

MINUTES = timedelta(minutes=1)
standings = st.builds(Standing, st.integers(0, 5), st.integers(0, 10))


@given(standings, st.integers(1, 120))
def test_a_hold_lasts_a_minute_at_least_and_the_setting_at_most(standing: Standing, longest: int) -> None:
    assert MINUTES <= hold_length(standing, longest * MINUTES) <= longest * MINUTES


def test_a_customer_who_paid_before_keeps_longest_and_one_who_let_orders_expire_shortest() -> None:
    longest = timedelta(minutes=15)
    proven, new, wary = (hold_length(Standing(*record), longest) for record in ((1, 9), (0, 0), (0, 3)))
    assert (proven, new, wary) == (15 * MINUTES, 10 * MINUTES, 5 * MINUTES)


@given(
    standings,
    st.lists(st.tuples(st.integers(0, 8), st.integers(1, 40)), max_size=60),
    st.dictionaries(st.integers(0, 8), st.integers(0, 500), max_size=9),
)
def test_however_a_customer_orders_the_unpaid_units_stay_within_the_allowance(
    standing: Standing, orders: list[tuple[int, int]], stock: dict[int, int]
) -> None:
    held: dict[int, int] = {}
    free = dict(stock)
    for sku_id, quantity in orders:
        if quantity <= min(units_left(standing, held, free, sku_id), free.get(sku_id, 0)):
            held[sku_id] = held.get(sku_id, 0) + quantity
            free[sku_id] -= quantity
    most = 200 if standing.paid_orders else 2 if standing.expired_orders >= 3 else 10
    assert sum(held.values()) <= most
    for sku_id, units in held.items():
        floor, share = (20, stock[sku_id] // 2) if standing.paid_orders else (5, stock[sku_id] // 10)
        assert units <= max(floor, share)


def test_a_cart_of_everything_cannot_lock_the_shop() -> None:
    """A hundred SKUs of ten codes each: a new customer keeps ten units of a thousand."""
    held: dict[int, int] = {}
    free = dict.fromkeys(range(100), 10)
    for sku_id in free:
        units = min(units_left(Standing(0, 0), held, free, sku_id), 10)
        held[sku_id], free[sku_id] = units, 10 - units
    assert (sum(held.values()), sum(1 for units in free.values() if units == 10)) == (10, 98)
