"""What is believed of a channel: by hand, near the prior when little is known, and forgetting the old."""

from datetime import UTC, datetime, timedelta
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactional.suppliers.routing import estimate_rules as rules
from transactional.suppliers.routing.estimate_rules import Evidence, Outcome, OutcomeKind, believed, fresh, learned

START = datetime(2027, 1, 1, tzinfo=UTC)
USUAL = rules.OUT_FOR_S / (rules.UP_FOR_S + rules.OUT_FOR_S)
kinds = st.sampled_from(["succeeded", "failed", "unknown", "written_off", "defective", "credited"])
outcomes = st.builds(
    Outcome,
    kind=kinds,
    at=st.integers(0, 60 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds)),
    seconds=st.floats(0, 1e5),
    cost_fen=st.integers(0, 10**6),
    defective=st.booleans(),
    refund_lag_s=st.none() | st.floats(0, 1e6),
)


def after(*told: tuple[OutcomeKind, float], start: datetime = START) -> Evidence:
    """The evidence of outcomes at so many seconds after the start."""
    evidence = fresh(start)
    for kind, at_s in told:
        evidence = learned(evidence, Outcome(kind, start + timedelta(seconds=at_s), 20.0))
    return evidence


def test_of_a_channel_that_nothing_was_bought_from_the_usual_is_believed() -> None:
    belief = believed(fresh(START), START)
    assert (belief.success, belief.good_s, belief.bad_s, belief.defect) == (0.95, 10.0, 30.0, 0.01)
    assert belief.out == pytest.approx(USUAL)
    assert (belief.tries, belief.idle_s) == (0.0, None)


def test_one_failure_by_hand() -> None:
    """Bayes for being out (2 h in every 122 h); then the failure counts against the rate as far as it was up."""
    out = USUAL * 0.98 / (USUAL * 0.98 + (1 - USUAL) * 0.05)
    belief = believed(after(("failed", 0)), START)
    assert belief.out == pytest.approx(out)
    assert belief.success == pytest.approx(9.5 / (10 + (1 - out)))
    assert belief.bad_s == pytest.approx((5 * 30 + (1 - out) * 20) / (5 + (1 - out)))
    assert belief.tries == 1.0


def test_three_failures_in_a_row_mean_an_outage_not_a_bad_channel() -> None:
    belief = believed(after(("failed", 0), ("failed", 30), ("failed", 60)), START + timedelta(seconds=60))
    assert belief.out > 0.95
    assert belief.success > 0.84
    assert belief.chance < 0.07


def test_an_outage_is_believed_less_the_longer_nobody_looked() -> None:
    evidence = after(("failed", 0), ("failed", 30), ("failed", 60))
    started = evidence.out
    for hours in (1, 2, 8):
        mixed = exp(-hours * 3600 * (1 / rules.UP_FOR_S + 1 / rules.OUT_FOR_S))
        out = believed(evidence, START + timedelta(seconds=60, hours=hours)).out
        assert out == pytest.approx(USUAL + (started - USUAL) * mixed)
    assert believed(evidence, START + timedelta(hours=24)).chance > 0.8


def test_one_success_ends_the_belief_in_an_outage() -> None:
    assert believed(after(("failed", 0), ("failed", 30), ("failed", 60), ("succeeded", 90)), START).out < 0.5


def test_evidence_counts_half_at_its_half_life_and_nothing_in_the_end() -> None:
    evidence = after(*[("succeeded", n) for n in range(40)], *[("defective", 50 + n) for n in range(8)])
    then = believed(evidence, START + timedelta(seconds=60))
    later = believed(evidence, START + timedelta(seconds=60 + rules.HALF_LIFE_S))
    assert later.tries == pytest.approx(then.tries / 2, rel=1e-3)
    assert then.defect == pytest.approx((8 + 0.2) / (40 + 20), rel=1e-3)
    assert later.defect == pytest.approx((4 + 0.2) / (20 + 20), rel=1e-3)
    old = believed(evidence, START + timedelta(days=365))
    assert (old.success, old.defect, old.good_s) == pytest.approx((0.95, 0.01, 10.0), rel=1e-3)


def test_thin_data_moves_the_estimate_little_and_much_data_decides_it() -> None:
    few = believed(after(*[("succeeded", n) for n in range(2)]), START).good_s
    many = believed(after(*[("succeeded", n) for n in range(500)]), START + timedelta(seconds=500)).good_s
    assert few == pytest.approx((5 * 10 + 2 * 20) / 7, rel=1e-2)
    assert many == pytest.approx(20, rel=0.02)


def test_what_arrives_late_counts_by_its_age() -> None:
    late = learned(after(("succeeded", rules.HALF_LIFE_S)), Outcome("defective", START))
    assert late.defects == pytest.approx(0.5)
    assert late.as_of == START.timestamp() + rules.HALF_LIFE_S


def test_a_purchase_without_an_answer_makes_an_outage_likelier_and_says_nothing_of_the_rate() -> None:
    belief = believed(after(("unknown", 0)), START)
    assert belief.out == pytest.approx(USUAL * 0.5 / (USUAL * 0.5 + (1 - USUAL) * 0.05))
    assert (belief.success, belief.tries, belief.idle_s) == (0.95, 0.0, 0.0)


def test_money_lost_credits_and_lags_are_averages_of_what_was_seen() -> None:
    evidence = fresh(START)
    for n in range(20):
        lag = Outcome("failed", START, 1.0, 100, refund_lag_s=3600.0)
        evidence = learned(evidence, Outcome("written_off", START) if n % 4 == 0 else lag)
    evidence = learned(learned(evidence, Outcome("defective", START)), Outcome("credited", START))
    belief = believed(evidence, START)
    assert belief.lost == pytest.approx(5 / 30)
    assert belief.lag_s == pytest.approx((15 * 3600 + 2 * 86_400) / 17)
    assert belief.recovered == pytest.approx((1 + 2 * 0.5) / 3)


@given(st.lists(outcomes, max_size=30), st.integers(0, 90 * 86_400))
def test_whatever_happened_beliefs_are_shares_and_times(told: list[Outcome], later_s: int) -> None:
    evidence = fresh(START)
    for outcome in told:
        evidence = learned(evidence, outcome)
    belief = believed(evidence, START + timedelta(seconds=later_s))
    for share in (belief.success, belief.out, belief.defect, belief.recovered, belief.lost, belief.chance):
        assert 0 <= share <= 1
    assert min(belief.good_s, belief.bad_s, belief.lag_s, belief.tries, belief.success_sd) >= 0
