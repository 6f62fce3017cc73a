"""The states of a case against a model that was written independently: a table, told here once more by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transactional.aftersales import rules
from transactional.aftersales.rules import CASE_STATES, REASONS, Unit

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SHOP, THEM = "waiting_for_shop", "waiting_for_customer"
# state: act → state; what is not listed is refused
MODEL = {
    "open": {
        "write": "open",
        "attach": "open",
        "withdraw": "withdrawn",
        "answer": SHOP,
        "ask": THEM,
        "note": "open",
        "take": "open",
        "decide": SHOP,
    },
    SHOP: {
        "write": SHOP,
        "attach": SHOP,
        "withdraw": "withdrawn",
        "answer": SHOP,
        "ask": THEM,
        "note": SHOP,
        "take": SHOP,
        "decide": SHOP,
    },
    THEM: {
        "write": SHOP,
        "attach": SHOP,
        "withdraw": "withdrawn",
        "answer": SHOP,
        "ask": THEM,
        "note": THEM,
        "take": THEM,
        "decide": SHOP,
    },
}
ACTS = rules.BY_CUSTOMER + rules.BY_STAFF


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 40)), max_size=30))
@settings(max_examples=200, deadline=None)
def test_every_history_of_acts_goes_as_the_model_says(acts: list[tuple[Any, int]]) -> None:
    state, due, at = "open", NOW + timedelta(hours=24), NOW
    told: datetime | None = due
    for act, hours in acts:
        at += timedelta(hours=hours)
        expected = MODEL.get(state, {}).get(act)
        assert rules.after(state, act) == expected
        if expected is None:
            continue
        told = rules.due_after(expected, act, told, at)
        # the model of the promise: the shop's turn has one, everybody else's has none; only the shop's own words renew
        if expected in ("open", SHOP):
            renewed = act in ("answer", "decide") or state == THEM
            due = at + timedelta(hours=24) if renewed else due
            assert told == due
        else:
            assert told is None
        state = expected


@pytest.mark.parametrize("state", ["resolved", "rejected", "withdrawn"])
def test_nothing_happens_in_a_case_that_is_over(state: str) -> None:
    assert [rules.after(state, act) for act in ACTS] == [None] * len(ACTS)


def test_a_case_is_declined_only_when_every_unit_was() -> None:
    assert rules.closed_by({"reject"}) == "rejected"
    assert {rules.closed_by({"reject", other}) for other in ("replace", "refund", "goodwill")} == {"resolved"}


UNITS = st.builds(
    Unit,
    kind=st.sampled_from(["card_code", "physical", "membership", "manual_service", "api_topup"]),
    state=st.sampled_from(["waiting", "delivered", "refund_pending", "refunded", "cancelled"]),
    waits_for=st.sampled_from([None, "stock", "manual", "supplier"]),
    is_paid=st.booleans(),
    has_code=st.booleans(),
    first_shown_at=st.one_of(st.none(), st.integers(0, 20 * 24).map(lambda h: NOW - timedelta(hours=h))),
    was_replaced=st.booleans(),
    refunded_fen=st.sampled_from([0, 100]),
    in_open_case=st.booleans(),
    is_used=st.booleans(),
)


@given(UNITS, st.sampled_from(REASONS))
@settings(max_examples=500, deadline=None)
def test_money_goes_back_without_a_person_only_for_what_nobody_has_had(unit: Unit, reason: str) -> None:
    told = rules.outlook(unit, reason, NOW)
    if told != "refund_now":
        return
    assert unit.is_paid
    assert not unit.in_open_case
    assert unit.refunded_fen == 0
    if unit.state == "delivered":
        assert (unit.has_code, unit.first_shown_at, unit.was_replaced, unit.is_used) == (True, None, False, False)
        assert reason in ("changed_mind", "wrong_goods")
    else:
        assert (unit.state, unit.waits_for == "supplier") == ("waiting", False)
        assert reason in ("changed_mind", "not_received")


@given(UNITS, st.sampled_from(REASONS))
@settings(max_examples=500, deadline=None)
def test_a_bad_code_reported_within_seven_days_always_reaches_a_person(unit: Unit, reason: str) -> None:
    shown = unit.first_shown_at
    if unit.state == "delivered" and unit.is_paid and not unit.in_open_case and unit.has_code and shown:
        in_time = shown + timedelta(days=7) >= NOW
        if reason in ("does_not_work", "already_used", "wrong_goods"):
            assert rules.outlook(unit, reason, NOW) == ("person" if in_time else "too_late")


@given(UNITS)
def test_whoever_has_paid_can_always_write_in_their_own_words(unit: Unit) -> None:
    told = rules.outlook(unit, "other", NOW)
    assert told == ("unpaid" if not unit.is_paid else "has_case" if unit.in_open_case else "person")


def test_states_of_the_tables_are_those_of_the_model() -> None:
    assert set(CASE_STATES) == {*MODEL, "resolved", "rejected", "withdrawn"}
