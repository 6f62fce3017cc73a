"""The order's state machine: whatever happens to units, the state that follows is one that the table allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactional.orders.rules import TRANSITIONS, ForbiddenTransitionError, move, next_state, state_of

# What happens to one unit of a paid order: its next states, as fulfilment and refunds move it.
UNIT_MOVES = {
    "waiting": ("delivered", "refund_pending"),
    "delivered": ("refund_pending",),
    "refund_pending": ("waiting", "delivered", "refunded"),
    "refunded": (),
}


def settled(state: str, units: list[str]) -> str:
    to = next_state(units, was_completed=False)
    return state if to == state else move(state, to)


@given(st.lists(st.sampled_from(["waiting", "delivered"]), min_size=1, max_size=4), st.data())
def test_every_state_that_units_lead_to_is_reached_by_an_allowed_move(units: list[str], data: st.DataObject) -> None:
    state = move("pending_payment", "paid")
    history = [{unit} for unit in units]
    state = settled(state, units)
    for _ in range(12):
        movable = [number for number, unit in enumerate(units) if UNIT_MOVES[unit]]
        if not movable:
            break
        number = data.draw(st.sampled_from(movable))
        ways = UNIT_MOVES[units[number]]
        if units[number] == "refund_pending":  # a unit goes back only to where it came from
            ways = tuple(way for way in ways if way == "refunded" or way in history[number])
            ways = ways if "delivered" not in history[number] else tuple(way for way in ways if way != "waiting")
        units[number] = data.draw(st.sampled_from(ways))
        history[number].add(units[number])
        state = settled(state, units)
    assert (state == "refunded") == (set(units) == {"refunded"})


def test_states_follow_from_units() -> None:
    cases = {
        ("waiting",): "fulfilling",
        ("waiting", "refunded"): "fulfilling",
        ("waiting", "delivered"): "partially_delivered",
        ("delivered", "refunded"): "delivered",
        ("refunded", "refunded"): "refunded",
        ("delivered", "refund_pending"): "refund_pending",
    }
    assert {units: state_of(True, units) for units in cases} == cases
    assert (state_of(False, ("waiting",)), state_of(False, ("cancelled",))) == ("pending_payment", "cancelled")
    assert next_state(("delivered", "refunded"), was_completed=True) == "completed"


@pytest.mark.parametrize(("state", "to"), [("refunded", "delivered"), ("paid", "cancelled"), ("delivered", "paid")])
def test_what_the_table_does_not_hold_is_refused(state: str, to: str) -> None:
    assert to not in TRANSITIONS[state]
    with pytest.raises(ForbiddenTransitionError):
        move(state, to)
