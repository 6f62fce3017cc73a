from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from transactional.suppliers.purchases import rules as purchase_rules
from transactional.suppliers.purchases.rules import ForbiddenMoveError, meaning_of, move
from transactional.suppliers.states import HOLDING, OPEN, PURCHASE_STATES

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_every_state_has_its_moves_and_a_unit_is_never_free_while_its_purchase_may_still_bring_a_good() -> None:
    assert set(purchase_rules.TRANSITIONS) == set(PURCHASE_STATES)
    ended_by_proof = {"failed", "written_off"}
    for state in OPEN:
        assert purchase_rules.TRANSITIONS[state] - set(HOLDING) == ended_by_proof
    assert purchase_rules.TRANSITIONS["written_off"] == {"late_failed", "late_succeeded"}


@pytest.mark.parametrize(("state", "to"), [("succeeded", "failed"), ("failed", "succeeded"), ("created", "unknown")])
def test_what_has_an_end_does_not_move_on(state: str, to: str) -> None:
    with pytest.raises(ForbiddenMoveError):
        move(state, to)


@pytest.mark.parametrize("state", OPEN)
def test_only_a_clear_word_ends_an_open_purchase(state: str) -> None:
    assert meaning_of(state, "succeeded", is_final=False) == "succeeded"
    assert meaning_of(state, "failed", is_final=False) == "failed"
    assert meaning_of(state, "processing", is_final=True) == "progress"
    assert meaning_of(state, "not_found", is_final=False) == "unclear"
    assert meaning_of(state, "not_found", is_final=True) == "failed"


def test_the_same_word_again_is_nothing_and_the_opposite_is_a_contradiction() -> None:
    assert meaning_of("succeeded", "succeeded", is_final=True) == "nothing"
    assert meaning_of("succeeded", "not_found", is_final=True) == "nothing"
    assert meaning_of("succeeded", "failed", is_final=True) == "contradiction"
    assert meaning_of("failed", "processing", is_final=True) == "nothing"
    assert meaning_of("failed", "succeeded", is_final=True) == "contradiction"
    assert meaning_of("late_succeeded", "failed", is_final=True) == "contradiction"


def test_a_written_off_purchase_may_still_end_either_way_but_not_because_its_bad_code_is_called_a_success() -> None:
    assert meaning_of("written_off", "succeeded", is_final=False) == "late_succeeded"
    assert meaning_of("written_off", "failed", is_final=False) == "late_failed"
    assert meaning_of("written_off", "not_found", is_final=False) == "nothing"
    assert meaning_of("written_off", "not_found", is_final=True) == "late_failed"
    assert meaning_of("written_off", "succeeded", is_final=False, is_spoilt=True) == "nothing"


def test_not_found_proves_something_only_when_the_protocol_says_so_and_its_time_is_over() -> None:
    assert not purchase_rules.is_final(NOON, NOON + timedelta(seconds=59), 60)
    assert purchase_rules.is_final(NOON, NOON + timedelta(seconds=60), 60)
    assert not purchase_rules.is_final(NOON, NOON + timedelta(days=9), None)
    assert not purchase_rules.is_final(None, NOON, 60)


def test_pauses_grow_and_questions_never_end() -> None:
    waits = [(purchase_rules.ask_at(times, NOON) - NOON).total_seconds() for times in range(40)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (1, 3600)
    holds = [(purchase_rules.try_at(times, NOON) - NOON).total_seconds() for times in range(1, 20)]
    assert (holds[0], holds[-1]) == (30, 3600)


def test_a_cost_is_the_suppliers_figure_when_it_says_one_in_the_purchases_currency() -> None:
    fen_per = Decimal("710")  # 7.10 yuan a dollar
    assert purchase_rules.cost_in_fen(Decimal("6.47"), "USD", "USD", fen_per, 4500) == 4594  # 4593.7
    assert purchase_rules.cost_in_fen(None, "USD", "USD", fen_per, 4500) == 4500
    assert purchase_rules.cost_in_fen(Decimal(0), "USD", "USD", fen_per, 4500) == 4500
    assert purchase_rules.cost_in_fen(Decimal(6), "EUR", "USD", fen_per, 4500) == 4500
