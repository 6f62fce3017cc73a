"""What a dispute's sum stands for: waiting units are closed whole, the rest is a loss, to the fen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactional.payments.dispute_rules import Disputed, Part, taken_back


def unit(number: int, left_fen: int, waits: bool) -> Disputed:
    return Disputed(number, number + 100, left_fen, waits)


def test_waiting_units_are_closed_before_anything_is_lost() -> None:
    taken = taken_back([unit(1, 3000, False), unit(2, 5000, True)], 6000)
    assert taken.units == (2,)
    assert taken.parts == (Part(2, 102, 5000, False), Part(1, 101, 1000, True))


def test_a_waiting_unit_that_is_covered_in_part_stays_and_the_part_is_lost() -> None:
    taken = taken_back([unit(1, 5000, True)], 4999)
    assert taken == taken_back([unit(1, 5000, False)], 4999)
    assert (taken.units, taken.parts) == ((), (Part(1, 101, 4999, True),))


def test_more_than_what_is_left_is_refused() -> None:
    with pytest.raises(ValueError, match="more than what is left"):
        taken_back([unit(1, 5000, True), unit(2, 100, False)], 5101)


@given(st.lists(st.tuples(st.integers(0, 10**9), st.booleans()), min_size=1, max_size=8), st.floats(0, 1))
def test_the_parts_add_up_and_none_exceeds_its_unit(units: list[tuple[int, bool]], share: float) -> None:
    disputed = [unit(number, left, waits) for number, (left, waits) in enumerate(units)]
    amount = int(sum(left for left, _ in units) * share)
    taken = taken_back(disputed, amount)
    left = {one.fulfilment_id: one.left_fen for one in disputed}
    assert sum(part.amount_fen for part in taken.parts) == amount
    assert all(0 < part.amount_fen <= left[part.fulfilment_id] for part in taken.parts)
    assert {part.fulfilment_id for part in taken.parts if not part.earned} == set(taken.units)
