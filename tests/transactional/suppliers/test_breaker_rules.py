from datetime import UTC, datetime, timedelta

from transactional.suppliers.purchases import breaker_rules
from transactional.suppliers.purchases.breaker_rules import Breaker

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def silent(breaker: Breaker, times: int, at: datetime = NOON) -> Breaker:
    for _ in range(times):
        breaker = breaker_rules.after_silence(breaker, at)
    return breaker


def test_it_opens_after_five_silences_in_a_row_and_any_answer_starts_the_count_anew() -> None:
    assert silent(Breaker(), 4).state == "closed"
    assert silent(Breaker(), 5).state == "open"
    assert silent(breaker_rules.after_answer(silent(Breaker(), 4)), 4).state == "closed"


def test_an_open_one_lets_one_trial_through_after_its_pause_and_no_second_while_that_runs() -> None:
    breaker = silent(Breaker(), 5)
    assert breaker_rules.trial(breaker, NOON + timedelta(seconds=29), 15) is None
    trying = breaker_rules.trial(breaker, NOON + timedelta(seconds=30), 15)
    assert trying is not None
    assert trying.state == "half_open"
    assert breaker_rules.trial(trying, NOON + timedelta(seconds=31), 15) is None
    assert breaker_rules.trial(trying, NOON + timedelta(seconds=61), 15) is not None, "a trial that was lost"


def test_a_failed_trial_opens_it_for_longer_each_time_up_to_half_an_hour() -> None:
    breaker, pauses = silent(Breaker(), 5), []
    for _ in range(8):
        assert breaker.until is not None
        trying = breaker_rules.trial(breaker, breaker.until, 15)
        assert trying is not None
        breaker = breaker_rules.after_silence(trying, NOON)
        assert breaker.until is not None
        pauses.append((breaker.until - NOON).total_seconds())
    assert pauses == [60, 120, 240, 480, 960, 1800, 1800, 1800]


def test_silences_of_calls_that_were_under_way_when_it_opened_do_not_prolong_its_pause() -> None:
    breaker = silent(Breaker(), 5)
    assert silent(breaker, 3, NOON + timedelta(seconds=10)).until == breaker.until
