"""Six channels over a month, as they truly are: prices, chances and delays drift and jump, channels go out and return.

For comparing ways to choose a channel: everything that happens is fixed by the seed, whoever chooses. Nothing here
knows how the shop chooses, and no money of a shop moves.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

CHANNELS = 6
DAYS = 30
STEP_S = 600
STEPS = DAYS * 86_400 // STEP_S
ORDERS = 4_000
STARTS = datetime(2027, 1, 1, tzinfo=UTC)
BASE_FEN = 4_500
SOLD_FEN = 5_000
BY_HAND_FEN = 5_600
"""What a good costs when every channel failed and somebody has to find one."""
UP_DAYS, OUT_HOURS = 4.0, 5.0
OUT_CHANCE = 0.02
OUT_SECONDS = 180.0
JUMPS_A_DAY, JUMP = 1 / 6, (0.02, 0.07)
CHANGES_A_DAY = 1 / 25
"""How often a channel becomes one of another kind: its owner changed where the goods come from."""
DEFECT_KNOWN_S = 86_400.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kind:
    """Ranges that a channel's parameters are drawn from; `price` as a share of the base price."""

    price: tuple[float, float]
    chance: tuple[float, float]
    good_s: tuple[float, float]
    bad_s: tuple[float, float]
    defect: tuple[float, float]
    recovered: tuple[float, float]
    lost: tuple[float, float]
    lag_h: tuple[float, float]


GREY = Kind((0.93, 0.965), (0.50, 0.78), (20, 90), (150, 500), (0.13, 0.30), (0.0, 0.3), (0.01, 0.06), (24, 120))
PLAIN = Kind((0.97, 1.00), (0.92, 0.985), (5, 20), (20, 90), (0.003, 0.02), (0.4, 0.9), (0.0, 0.003), (4, 48))
GOOD = Kind((1.00, 1.04), (0.985, 0.998), (1.5, 6), (5, 20), (0.0005, 0.004), (0.7, 1.0), (0.0, 0.0), (0.1, 12))
KINDS = (GREY, GREY, PLAIN, PLAIN, GOOD, GOOD)


@dataclass(frozen=True, slots=True)
class Truth:
    """A channel at an instant, as nobody but the world knows it. Rates are shares."""

    price_fen: int
    chance: float
    good_s: float
    bad_s: float
    defect: float
    recovered: float
    lost: float
    lag_s: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of trying to buy for an order; a defect and a credit are known `known_after_s` later."""

    succeeded: bool
    price_fen: int
    seconds: float
    lost: bool
    lag_s: float
    defective: bool
    credited: bool
    known_after_s: float


class RoutingWorld:
    """One month under one seed."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        gaps = random.exponential(1.0, ORDERS + 1).cumsum()
        self.seed = seed
        self.arrivals_s: Floats = gaps[:-1] / gaps[-1] * DAYS * 86_400
        self.prepaid = tuple(bool(each) for each in random.permutation([True, False] * (CHANNELS // 2)))
        kinds = [KINDS[each] for each in random.permutation(CHANNELS)]
        self._paths = [_paths(random, kind) for kind in kinds]
        self._luck: Floats = random.random((ORDERS, CHANNELS, 5))

    def truth(self, channel: int, at_s: float) -> Truth:
        """At so many seconds after the start."""
        now = self._paths[channel][:, min(int(at_s // STEP_S), STEPS - 1)]
        return Truth(round(now[0]), *(float(each) for each in now[1:]))

    def attempt(self, order: int, channel: int, at_s: float) -> Attempt:
        """The same for every chooser that tries this channel for this order then."""
        truth, luck = self.truth(channel, at_s), self._luck[order, channel]
        succeeded = bool(luck[0] < truth.chance)
        usual_s = truth.good_s if succeeded else truth.bad_s
        return Attempt(
            succeeded=succeeded,
            price_fen=truth.price_fen,
            seconds=float(-np.log1p(-luck[1]) * usual_s),
            lost=not succeeded and bool(luck[2] < truth.lost),
            lag_s=truth.lag_s,
            defective=succeeded and bool(luck[3] < truth.defect),
            credited=bool(luck[4] < truth.recovered),
            known_after_s=DEFECT_KNOWN_S * float(luck[1] + luck[4]),
        )


def instant(at_s: float) -> datetime:
    return STARTS + timedelta(seconds=at_s)


def _paths(random: np.random.Generator, kind: Kind) -> Floats:
    """A channel's parameters by step, in the order of `Truth`."""
    kinds = _kinds(random, kind)
    drift = {name: _drift(random, sd) for name, sd in (("price", 0.006), ("chance", 0.5), ("seconds", 0.4))}
    price = BASE_FEN * _drawn(random, kinds, "price") * np.exp(drift["price"] + _jumps(random))
    chance = _drawn(random, kinds, "chance")
    odds = np.log(chance / (1 - chance)) + drift["chance"]
    chance = np.minimum(1 / (1 + np.exp(-odds)), 0.999)
    out = _outages(random)
    return np.stack(
        [
            price,
            np.where(out, OUT_CHANCE, chance),
            _drawn(random, kinds, "good_s") * np.exp(drift["seconds"]),
            np.where(out, OUT_SECONDS, _drawn(random, kinds, "bad_s") * np.exp(drift["seconds"])),
            _drawn(random, kinds, "defect"),
            _drawn(random, kinds, "recovered"),
            _drawn(random, kinds, "lost"),
            _drawn(random, kinds, "lag_h") * 3_600,
        ]
    )


def _kinds(random: np.random.Generator, kind: Kind) -> list[tuple[int, int, Kind]]:
    """Spans of steps in which the channel is of one kind."""
    spans, start = [], 0
    while start < STEPS:
        end = min(start + 1 + int(random.exponential(1 / CHANGES_A_DAY) * 86_400 / STEP_S), STEPS)
        spans.append((start, end, kind))
        start, kind = end, KINDS[int(random.integers(CHANNELS))]
    return spans


def _drawn(random: np.random.Generator, spans: list[tuple[int, int, Kind]], name: str) -> Floats:
    values = np.empty(STEPS)
    for start, end, kind in spans:
        values[start:end] = random.uniform(*getattr(kind, name))
    return values


def _drift(random: np.random.Generator, sd: float) -> Floats:
    """A wandering that returns to 0 within some days, of this standard deviation (Ornstein–Uhlenbeck)."""
    keep = float(np.exp(-STEP_S / (4 * 86_400)))
    shocks = random.normal(0.0, sd * np.sqrt(1 - keep**2), STEPS)
    values = np.empty(STEPS)
    now = random.normal(0.0, sd)
    for step in range(STEPS):
        values[step] = now = now * keep + shocks[step]
    return values


def _jumps(random: np.random.Generator) -> Floats:
    """Sudden changes of price, up as often as down, each of which lasts until the next one."""
    values, level, start = np.zeros(STEPS), 0.0, 0
    while start < STEPS:
        values[start:] = level
        level = float(random.choice((-1, 1)) * random.uniform(*JUMP)) if level == 0.0 else 0.0
        start += 1 + int(random.exponential(1 / JUMPS_A_DAY) * 86_400 / STEP_S)
    return values


def _outages(random: np.random.Generator) -> NDArray[np.bool_]:
    out, start = np.zeros(STEPS, dtype=bool), 0
    while start < STEPS:
        start += 1 + int(random.exponential(UP_DAYS) * 86_400 / STEP_S)
        end = start + 1 + int(random.exponential(OUT_HOURS) * 3_600 / STEP_S)
        out[start:end] = True
        start = end
    return out
