"""Faults are the same for the same seed, as often as was asked for, plannable one by one, and counted once each."""

from simulation.suppliers.misbehaviour import FAULTS, Misbehaviour
from simulation.suppliers.tempo import Tempo

NAMES = [f"P{n}" for n in range(4000)]


def test_the_same_seed_strikes_the_same_names_in_any_order() -> None:
    first = Misbehaviour(7, {"timeout_after_accept": 0.1})
    second = Misbehaviour(7, {"timeout_after_accept": 0.1})
    forwards = {name for name in NAMES if first.strikes("timeout_after_accept", name)}
    assert forwards == {name for name in reversed(NAMES) if second.strikes("timeout_after_accept", name)}
    other = Misbehaviour(8, {"timeout_after_accept": 0.1})
    assert forwards != {name for name in NAMES if other.strikes("timeout_after_accept", name)}


def test_each_fault_strikes_about_its_share_independently_of_others_and_is_counted() -> None:
    wild = Misbehaviour(1, dict.fromkeys(FAULTS, 0.1))
    struck = {fault: {name for name in NAMES if wild.strikes(fault, name)} for fault in FAULTS}
    for fault, names in struck.items():
        assert 330 < len(names) < 470, fault  # 400, and 3.7 standard deviations (19) either way
        assert wild.counts[fault] == len(names)
    assert 10 < len(struck["bad_code"] & struck["failure"]) < 80


def test_asking_again_is_answered_the_same_and_not_counted_again() -> None:
    planned = Misbehaviour()
    planned.plan("unknown_state", "P1")
    assert [planned.strikes("unknown_state", name) for name in ("P1", "P1", "P2", "P1")] == [True, True, False, True]
    assert planned.counts == {"unknown_state": 1}


def test_the_next_so_many_are_struck_when_no_name_is_planned() -> None:
    planned = Misbehaviour()
    planned.plan("zero_cost", times=2)
    assert [planned.strikes("zero_cost", name) for name in ("a", "b", "c")] == [True, True, False]


def test_drift_makes_a_supplier_slower_with_every_hour() -> None:
    tempo = Tempo(finish_s=2.0, drift_per_hour=0.5)
    rng = Misbehaviour(3).rng
    assert tempo.finishing_s(rng("x"), 7200) == 2 * tempo.finishing_s(rng("x"), 0)
    times = sorted(tempo.finishing_s(rng(name), 0) for name in NAMES)
    assert 1.9 < times[2000] < 2.1
