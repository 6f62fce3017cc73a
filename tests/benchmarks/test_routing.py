"""The benchmark of routing: its costs by hand, its seeds, and that its ratios mean what they say."""

import pytest

from benchmarks.routing import (
    SEEDS,
    TUNED_ON,
    Cheapest,
    Oracle,
    RoundRobin,
    Router,
    cost_fen,
    month_fen,
    of_seed,
    report,
)
from simulation.routing_world import CHANNELS, ORDERS, Attempt, RoutingWorld

GOT = Attempt(True, 4500, 10.0, False, 0.0, False, False, 0.0)


def test_what_an_attempt_costs_by_hand() -> None:
    assert cost_fen(GOT, prepaid=False) == 4500 + 5
    assert cost_fen(GOT, prepaid=True) == 4500 + 5 + 4500 * 3 * 10 / 10_000
    bad = Attempt(True, 4500, 10.0, False, 0.0, True, False, 0.0)
    assert cost_fen(bad, prepaid=False) == 4500 + 5 + 200 + 4500
    made_good = Attempt(True, 4500, 10.0, False, 0.0, True, True, 0.0)
    assert cost_fen(made_good, prepaid=False) == 4500 + 5 + 200
    failed = Attempt(False, 4500, 60.0, False, 2 * 86_400.0, False, False, 0.0)
    assert cost_fen(failed, prepaid=True) == 30 + 5 + 4500 * 3 * 2 / 10_000
    assert cost_fen(Attempt(False, 4500, 60.0, True, 1.0, False, False, 0.0), prepaid=True) == 30 + 5 + 4500


def test_the_figures_are_of_seeds_that_nothing_was_tuned_on() -> None:
    assert len(SEEDS) == 20
    assert not set(SEEDS) & set(TUNED_ON)


def test_luck_and_truth_are_the_seeds_alone() -> None:
    one, again, other = RoutingWorld(7), RoutingWorld(7), RoutingWorld(8)
    tries = [(order, order % CHANNELS, 600.0 * order) for order in range(200)]
    assert [one.attempt(*each) for each in tries] == [again.attempt(*each) for each in tries]
    assert [one.attempt(*each) for each in tries] != [other.attempt(*each) for each in tries]


def test_ratios_are_of_the_sums_over_all_seeds() -> None:
    made = report([(100.0, 102.0, 110.0, 108.0), (300.0, 303.0, 330.0, 312.0)])
    assert made.ratios == {"regret": 1.0125, "cheapest_first": 1.1, "round_robin": 1.05}
    assert made.figures["regret_worst_seed"] == 1.02


@pytest.mark.proof
def test_on_a_seed_of_no_tuning_routing_is_near_the_oracle_and_the_others_are_not() -> None:
    oracle, router, cheapest, robin = of_seed(9)
    assert 4_000 * ORDERS < oracle < 5_000 * ORDERS
    assert 1 <= router / oracle <= 1.05
    assert cheapest / oracle >= 1.1
    assert robin / oracle > router / oracle


def test_every_chooser_serves_every_order(monkeypatch: pytest.MonkeyPatch) -> None:
    world = RoutingWorld(11)
    monkeypatch.setattr(world, "arrivals_s", world.arrivals_s[:150])
    oracle = month_fen(world, Oracle(world))
    assert oracle > 150 * 4_000
    for chooser in (Router, Cheapest, RoundRobin):
        assert 0.98 < month_fen(world, chooser(world)) / oracle < 1.5
