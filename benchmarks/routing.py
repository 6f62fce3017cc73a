"""What the shop's routing costs in a month of a seeded world, against an oracle that knows every channel's true
parameters at every instant (never an outcome); cheapest-price-first and round-robin beside it.

Total effective cost: money paid, waiting, failed tries, money away or lost, bad codes. All choosers meet the same
orders and the same luck. The rules' constants were chosen on the seeds of `TUNED_ON`; the figures are of `SEEDS`.
"""

import heapq
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from typing import Literal

from benchmarks.report import Report
from simulation.routing_world import BY_HAND_FEN, CHANNELS, DAYS, ORDERS, SOLD_FEN, Attempt, RoutingWorld, instant
from transactional.suppliers.routing.effective_cost import DAY_S, Prices, effective_fen
from transactional.suppliers.routing.estimate_rules import (
    CERTAIN,
    Belief,
    Outcome,
    OutcomeKind,
    believed,
    fresh,
    learned,
)
from transactional.suppliers.routing.rules import choose
from transactional.suppliers.routing.terms import PER_MYRIAD, Candidate, Policy, Situation

TUNED_ON = range(101, 113)
SEEDS = range(1, 21)
PROCESSES = 2
SYNC_S = 1_800
"""How often prices are heard of; what a purchase cost is known at once."""
PRICES = Prices()
MUCH_FEN = 10**9
POLICY = Policy()

Tried = frozenset[int]
Event = tuple[float, int, Literal["order", "ended", "complaint"], int, int, Attempt | None, Tried]


@dataclass(frozen=True, slots=True)
class Turn:
    """An order whose next channel is to be chosen."""

    order: int
    at_s: float
    tried: Tried

    @property
    def left(self) -> list[int]:
        return [channel for channel in range(CHANNELS) if channel not in self.tried]


class Chooser:
    """Somebody who picks the channel to try next, knowing the prices heard last."""

    def __init__(self, world: RoutingWorld) -> None:
        self.world = world
        self.prices = [0] * CHANNELS

    def pick(self, turn: Turn) -> int:
        raise NotImplementedError

    def hears_prices(self, at_s: float) -> None:
        self.prices = [self.world.truth(channel, at_s).price_fen for channel in range(CHANNELS)]

    def hears(self, channel: int, at_s: float, attempt: Attempt) -> None:  # noqa: ARG002
        """An attempt ended."""
        self.prices[channel] = attempt.price_fen

    def hears_complaint(self, channel: int, at_s: float, attempt: Attempt) -> None:
        """A code turned out bad, and whether the supplier made good for it."""


class Oracle(Chooser):
    """Tries channels by rising true effective cost, which is the best that can be done without knowing outcomes."""

    def pick(self, turn: Turn) -> int:
        return min(turn.left, key=lambda channel: self._true_fen(channel, turn.at_s))

    def _true_fen(self, channel: int, at_s: float) -> float:
        truth = self.world.truth(channel, at_s)
        known = replace(
            CERTAIN,
            success=truth.chance,
            good_s=truth.good_s,
            bad_s=truth.bad_s,
            defect=truth.defect,
            recovered=truth.recovered,
            lag_s=truth.lag_s,
            lost=truth.lost,
        )
        return effective_fen(truth.price_fen, known, self.world.prepaid[channel], PRICES)


class Cheapest(Chooser):
    def pick(self, turn: Turn) -> int:
        return min(turn.left, key=lambda channel: self.prices[channel])


class RoundRobin(Chooser):
    def pick(self, turn: Turn) -> int:
        return min(turn.left, key=lambda channel: (channel - turn.order) % CHANNELS)


class Router(Chooser):
    """The shop's own rules, which hear what a shop hears, when it does."""

    def __init__(self, world: RoutingWorld) -> None:
        super().__init__(world)
        self._evidence = [fresh(instant(0.0)) for _ in range(CHANNELS)]

    def pick(self, turn: Turn) -> int:
        at = instant(turn.at_s)
        candidates = [self._candidate(channel, believed(self._evidence[channel], at)) for channel in range(CHANNELS)]
        seed = f"{self.world.seed}:{turn.order}:{len(turn.tried)}"
        situation = Situation("purchase", 1, SOLD_FEN, 0, seed, tuple(turn.tried), override_floor=True)
        chosen = choose(candidates, POLICY, situation, PRICES).chosen
        if chosen is None:
            raise RuntimeError(f"nobody was chosen although {CHANNELS - len(turn.tried)} channels are left")
        return chosen.channel_id

    def _candidate(self, channel: int, belief: Belief) -> Candidate:
        fen = self.prices[channel]
        return Candidate(
            offer_id=channel,
            channel_id=channel,
            channel=str(channel),
            protocol="fulu",
            unit_cost=Decimal(fen),
            currency="CNY",
            exchange_rate=Decimal(1),
            cost_fen=fen,
            stock=None,
            prepaid_fen=MUCH_FEN if self.world.prepaid[channel] else None,
            belief=belief,
        )

    def hears(self, channel: int, at_s: float, attempt: Attempt) -> None:
        super().hears(channel, at_s, attempt)
        lag_s = None if attempt.succeeded or attempt.lost else attempt.lag_s
        ended: OutcomeKind = "succeeded" if attempt.succeeded else "written_off" if attempt.lost else "failed"
        outcome = Outcome(ended, instant(at_s), attempt.seconds, attempt.price_fen, refund_lag_s=lag_s)
        self._evidence[channel] = learned(self._evidence[channel], outcome)

    def hears_complaint(self, channel: int, at_s: float, attempt: Attempt) -> None:
        told = [Outcome("defective", instant(at_s)), Outcome("credited", instant(at_s))]
        for outcome in told[: 1 + attempt.credited]:
            self._evidence[channel] = learned(self._evidence[channel], outcome)


CHOOSERS: tuple[type[Chooser], ...] = (Oracle, Router, Cheapest, RoundRobin)


def month_fen(world: RoutingWorld, chooser: Chooser) -> float:
    """Total effective cost of the month's orders. Everything is heard when it happens, never before."""
    number = count()
    events: list[Event] = [
        (float(at_s), next(number), "order", order, -1, None, frozenset())
        for order, at_s in enumerate(world.arrivals_s)
    ]
    total, synced = 0.0, -1.0
    while events:
        at_s, _, kind, order, channel, attempt, tried = heapq.heappop(events)
        if at_s // SYNC_S > synced:
            synced = at_s // SYNC_S
            chooser.hears_prices(synced * SYNC_S)
        if kind == "complaint" and attempt:
            chooser.hears_complaint(channel, at_s, attempt)
            continue
        if kind == "ended" and attempt:
            chooser.hears(channel, at_s, attempt)
            if attempt.defective:
                known_s = at_s + attempt.known_after_s
                heapq.heappush(events, (known_s, next(number), "complaint", order, channel, attempt, tried))
            if attempt.succeeded:
                continue
        if len(tried) == CHANNELS:
            total += BY_HAND_FEN
            continue
        channel = chooser.pick(Turn(order, at_s, tried))
        attempt = world.attempt(order, channel, at_s)
        total += cost_fen(attempt, world.prepaid[channel])
        over_s = at_s + attempt.seconds
        heapq.heappush(events, (over_s, next(number), "ended", order, channel, attempt, tried | {channel}))
    return total


def cost_fen(attempt: Attempt, prepaid: bool) -> float:
    """What an attempt cost in all, money away at its price for as long as it was away."""
    price, a_day = attempt.price_fen, PRICES.capital_per_myriad_day / PER_MYRIAD
    waited = PRICES.waiting_second_fen * attempt.seconds
    if not attempt.succeeded:
        return waited + PRICES.failure_fen + (price if attempt.lost else price * a_day * attempt.lag_s / DAY_S)
    lying = price * a_day * PRICES.prepaid_days if prepaid else 0.0
    bad = PRICES.defect_fen + (0 if attempt.credited else price) if attempt.defective else 0.0
    return waited + price + lying + bad


def of_seed(seed: int) -> tuple[float, ...]:
    """Total effective cost by chooser, in the order of CHOOSERS."""
    world = RoutingWorld(seed)
    return tuple(month_fen(world, chooser(world)) for chooser in CHOOSERS)


def measure() -> Report:
    """Prints a line a seed."""
    with ProcessPoolExecutor(PROCESSES) as pool:
        rows = list(pool.map(of_seed, SEEDS))
    for seed, row in zip(SEEDS, rows, strict=True):
        _told(seed, row)
    return report(rows)


def _told(seed: int, row: Sequence[float]) -> None:
    oracle, router, cheapest, robin = row
    print(
        f"· seed {seed}: oracle {oracle / ORDERS:,.1f} fen an order; router {router / oracle:.4f} of that,"
        f" cheapest price first {cheapest / oracle:.4f}, round-robin {robin / oracle:.4f}",
        flush=True,
    )


def report(rows: Sequence[Sequence[float]]) -> Report:
    """Ratios of the sums over all seeds; the worst seed's beside them."""
    oracle, router, cheapest, robin = (sum(column) for column in zip(*rows, strict=True))
    regrets = [row[1] / row[0] for row in rows]
    return Report(
        "routing",
        {
            "regret": round(router / oracle, 4),
            "cheapest_first": round(cheapest / oracle, 4),
            "round_robin": round(robin / oracle, 4),
        },
        {
            "seeds": len(rows),
            "orders_a_seed": ORDERS,
            "channels": CHANNELS,
            "days": DAYS,
            "regret_worst_seed": round(max(regrets), 4),
            "regret_median_seed": round(statistics.median(regrets), 4),
            "oracle_fen_an_order": round(oracle / len(rows) / ORDERS, 1),
        },
    )
