"""The moves of a benefit and of an attempt to activate it, exhaustively."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from transactional.benefits import activation_rules, rules
from transactional.benefits.activation_rules import ACTIVATION_STATES, Standing, is_news, may_move, next_query
from transactional.benefits.rules import CAUSES, MOVES, STATES, Facts, ForbiddenMoveError, decide, state_of

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OPTIONS = {
    "refunded": (False, True),
    "code_expires_at": (None, AT - DAY, AT + DAY),
    "revealed_at": (None, AT - DAY),
    "provider": (None, "activated", "used", "expired", "cancelled"),
    "provider_valid_until": (None, AT - DAY, AT + DAY),
    "marked_used_at": (None, AT - DAY),
    "done_on_delivery": (False, True),
}
CODES = [Facts(**dict(zip(OPTIONS, values, strict=True))) for values in product(*OPTIONS.values())]
MEMBERSHIPS = [
    Facts(refunded=refunded, starts_at=starts, ends_at=starts + 30 * DAY)
    for refunded in (False, True)
    for starts in (AT + DAY, AT - DAY, AT - 31 * DAY)
]

# The whole table, written by hand: from → where it may go, for any cause.
REACHABLE = {
    "pending": {"activated", "expired", "revoked"},
    "ready": {"ready", "revealed", "activated", "used", "expired", "revoked"},
    "revealed": {"ready", "revealed", "activated", "used", "expired", "revoked"},
    "activated": {"ready", "revealed", "activated", "used", "expired", "revoked"},
    "used": {"ready", "revealed", "activated", "expired", "revoked"},
    "expired": {"pending", "ready", "revealed", "activated", "expired", "used", "revoked"},
    "revoked": {"pending", "ready", "revealed", "activated", "used", "expired"},
}


def test_the_table_allows_these_moves_and_no_other() -> None:
    allowed = {state: {to for moves in MOVES.values() for held, to in moves if held == state} for state in STATES}
    assert allowed == REACHABLE
    assert set(MOVES) | {"delivered"} == set(CAUSES)


@pytest.mark.parametrize(("held", "to"), sorted(product(STATES, STATES)))
def test_only_a_refund_takes_back_and_only_its_undoing_gives_again(held: str, to: str) -> None:
    causes = {cause for cause, moves in MOVES.items() if (held, to) in moves}
    if to == "revoked":
        assert causes == ({"refund"} if held != "revoked" else set())
    elif held == "revoked":
        assert causes == {"refund_undone"}


def _may_follow(before: Facts, after: Facts) -> bool:
    """What was shown stays shown, what a provider once confirmed it can only take back by another word."""
    forgotten = before.revealed_at is not None and after.revealed_at is None
    unsaid = before.provider is not None and after.provider is None
    return not forgotten and not unsaid and before.done_on_delivery == after.done_on_delivery


def test_whatever_becomes_of_the_facts_the_table_has_the_move() -> None:
    pairs = [(before, after) for before, after in product(CODES, CODES[::3]) if _may_follow(before, after)]
    assert len(pairs) > 10_000
    for before, after in pairs:
        held = state_of(before, AT - timedelta(hours=1))
        move = decide(held, after, AT)
        assert (move.to if move else held) == state_of(after, AT)


def test_memberships_begin_end_and_are_taken_back_from_every_state() -> None:
    for before, after in product(MEMBERSHIPS, MEMBERSHIPS):
        held, to = state_of(before, AT), state_of(after, AT)
        if (held, to) in {("activated", "pending")}:
            with pytest.raises(ForbiddenMoveError):
                decide(held, after, AT)
            continue
        move = decide(held, after, AT)
        assert (move.to if move else held) == to


@pytest.mark.parametrize("facts", MEMBERSHIPS + CODES[::11])
def test_what_is_in_step_stays(facts: Facts) -> None:
    assert decide(state_of(facts, AT), facts, AT) is None


def test_a_provider_that_has_not_confirmed_makes_nothing_active() -> None:
    for facts in CODES:
        if state_of(facts, AT) == "activated":
            assert facts.provider == "activated" or facts.done_on_delivery


def test_a_refund_comes_before_everything_else() -> None:
    assert {state_of(replace(facts, refunded=True), AT) for facts in CODES + MEMBERSHIPS} == {"revoked"}


def test_a_new_code_begins_anew_whatever_became_of_the_old_one() -> None:
    fresh = Facts(replaced=True)
    for held in ("revealed", "activated", "used", "expired"):
        move = decide(held, fresh, AT)
        assert move is not None
        assert (move.to, move.cause) == ("ready", "replaced")


def test_a_term_counts_to_the_instant() -> None:
    facts = Facts(code_expires_at=AT)
    assert state_of(facts, AT - timedelta(microseconds=1)) == "ready"
    assert state_of(facts, AT) == "expired"
    assert rules.changes_at(facts, AT - 8 * DAY) == AT - 7 * DAY
    assert rules.changes_at(facts, AT - DAY) == AT
    assert rules.is_expiring(facts, AT - 7 * DAY)
    assert not rules.is_expiring(facts, AT - 8 * DAY)
    assert not rules.is_expiring(facts, AT)


def test_a_code_redeemed_in_time_outlives_the_term_of_redeeming() -> None:
    facts = Facts(code_expires_at=AT - DAY, provider="activated", provider_valid_until=AT + DAY)
    assert state_of(facts, AT) == "activated"


@pytest.mark.parametrize(("held", "to"), sorted(product(ACTIVATION_STATES, ACTIVATION_STATES)))
def test_an_attempt_moves_only_as_its_table_says(held: str, to: str) -> None:
    told = Standing(to, 2)
    assert is_news(held, 1, told) == (held == to or may_move(held, to))
    assert not is_news(held, 2, told), "an answer that was overtaken is no news"


def test_an_attempt_that_the_provider_may_have_is_never_over_by_itself() -> None:
    assert "lapsed" not in activation_rules.MOVES["unknown"]
    assert activation_rules.MOVES["unknown"] == frozenset(activation_rules.CONFIRMED)
    waits = [next_query("unknown", queries, AT) for queries in range(100)]
    assert None not in waits
    assert waits == sorted(wait for wait in waits if wait)
    assert next_query("cancelled", 0, AT) is None
