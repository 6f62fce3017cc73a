"""Estimates held against the truth: of many simulated shops, how many have a 95 % interval that holds the true figure.

Customers differ and follow the recorded law, as channels follow theirs; the figures are those of the warehouse's own
models. Nothing here knows how the models estimate.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import inf
from random import Random
from statistics import median
from typing import Any, Protocol

from simulation.compiled_models import BoughtUnit, CompiledModels
from simulation.customers import planned_customers
from simulation.law import CHANNELS, HORIZONS_DAYS, Figures, draw_occasions, figures, first_interval
from simulation.planned import PlannedCustomer
from simulation.seasons import dates
from simulation.supplied_law import CHANNELS as SUPPLIED
from simulation.supplied_law import ChannelLaw
from simulation.supplied_luck import fate
from simulation.supplied_returns import CREDITED_IN_FULL
from simulation.supplied_truth import expected_share

CUSTOMERS = 400
LAST = date(2026, 6, 30)
DAYS = 4 * 365
"""Long enough that the third quartile of the first interval, 901 days, can be seen."""
TRUTH_CUSTOMERS = 60_000
TRUTH_SEED = -1

LEAST_SHARE, MOST_SHARE, LEAST_SEEDS = 0.90, 0.99, 100

PURCHASES = 2_000
"""A channel's, in one shop."""
LIST_COSTS_FEN = (1_000, 3_000, 5_000, 13_000)

QUARTILES = ("q25", "median", "q75")
SCOPES = {"first interval": ("occasion_number", "1"), "per occasion": ("all", "all")}


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval; infinity stands for what lies beyond everything that was seen."""

    value: float
    low: float
    high: float

    def covers(self, truth: float) -> bool:
        return self.low <= truth <= self.high

    @property
    def width(self) -> float:
        return inf if inf in (self.low, self.high) else self.high - self.low


@dataclass(frozen=True, slots=True)
class Coverage:
    """One figure over all seeds: how many intervals hold the truth, and how wide the middle one is."""

    of: str
    figure: str
    truth: float
    covered: int
    seeds: int
    median_estimate: float
    median_width: float

    @property
    def as_claimed(self) -> bool | None:
        """About 95 in 100; None for a few seeds, of which all or too few may hold the truth by chance."""
        if self.seeds < LEAST_SEEDS:
            return None
        return LEAST_SHARE * self.seeds <= self.covered <= MOST_SHARE * self.seeds


class Source(Protocol):
    """Something estimated, whose truth is known; figures by what they are of and by their names."""

    def truths(self) -> dict[tuple[str, str], float]: ...

    def estimates(self, seed: int) -> Iterator[tuple[str, str, Interval]]:
        """Every figure of the truths, as the models estimate it from what happened in this shop."""


def sources(models: CompiledModels) -> tuple[Source, ...]:
    return Repurchase(models), Channels(models)


def coverages(source: Source, seeds: Iterable[int]) -> list[Coverage]:
    """Count over the seeds, in the order of the truths."""
    truths = source.truths()
    found: dict[tuple[str, str], list[Interval]] = {key: [] for key in truths}
    for seed in seeds:
        for of, figure, interval in source.estimates(seed):
            found[of, figure].append(interval)
    return [_coverage(key, truth, found[key]) for key, truth in truths.items()]


def _coverage(key: tuple[str, str], truth: float, intervals: Sequence[Interval]) -> Coverage:
    return Coverage(
        *key,
        truth=truth,
        covered=sum(one.covers(truth) for one in intervals),
        seeds=len(intervals),
        median_estimate=median(one.value for one in intervals),
        median_width=median(one.width for one in intervals),
    )


class Repurchase:
    """Times to the next purchase: the law's figures, and those of a small shop under a seed."""

    def __init__(self, models: CompiledModels) -> None:
        self._models = models
        self._days = dates(LAST - timedelta(days=DAYS - 1), LAST)

    def truths(self) -> dict[tuple[str, str], float]:
        """Of the first interval in closed form; per occasion from many customers whose future is seen."""
        by_scope = {"first interval": figures(first_interval), "per occasion": figures(self._per_occasion())}
        return {
            (scope, name): value
            for scope, true in by_scope.items()
            for name, value in _named(true).items()
            if value is not None
        }

    def estimates(self, seed: int) -> Iterator[tuple[str, str, Interval]]:
        with self._models.repurchase(self._customers(seed, CUSTOMERS), LAST) as connection:
            for of, (scope, value) in SCOPES.items():
                cursor = connection.execute(
                    f"select * from mart_repurchase_intervals where scope = '{scope}' and scope_value = '{value}'"
                )
                row = dict(zip((column[0] for column in cursor.description or ()), cursor.fetchall()[0], strict=True))
                yield from ((of, name, _interval(row, name)) for name in _names())

    def _customers(self, seed: int, count: int) -> list[PlannedCustomer]:
        return planned_customers(Random(f"estimates {seed}"), count, self._days)  # noqa: S311  (repeatable)

    def _per_occasion(self) -> Callable[[float], float]:
        """P(again within so many days) after an occasion of the window, taken at random among them all."""
        channels = {channel.name: channel for channel in CHANNELS}
        rng = Random("the truth per occasion")  # noqa: S311  (repeatable)
        beyond = LAST + timedelta(days=max(HORIZONS_DAYS) + 1)
        gaps = [0] * (max(HORIZONS_DAYS) + 2)
        occasions = 0
        for customer in self._customers(TRUTH_SEED, TRUTH_CUSTOMERS):
            days = draw_occasions(rng, channels[customer.channel], customer.occasions[0], beyond)
            seen = [day for day in days if day <= LAST]
            occasions += len(seen)
            for day, following in zip(seen, days[1:], strict=False):
                gaps[min((following - day).days, len(gaps) - 1)] += 1
        within = [sum(gaps[: days + 1]) / occasions for days in range(len(gaps) - 1)]
        return lambda days: within[min(int(days), len(within) - 1)]


class Channels:
    """What a good unit truly costs against its list cost, and how often a purchase brings a code, by channel."""

    def __init__(self, models: CompiledModels) -> None:
        self._models = models

    def truths(self) -> dict[tuple[str, str], float]:
        """The expectations of each channel's law, in closed form."""
        return {
            key: value
            for law in SUPPLIED
            for key, value in (
                ((law.code, "effective cost"), expected_share(law)),
                ((law.code, "success rate"), law.success_in_the_end),
            )
        }

    def estimates(self, seed: int) -> Iterator[tuple[str, str, Interval]]:
        rng = Random(f"channels {seed}")  # noqa: S311  (repeatable)
        bought = [_bought(rng, law) for law in SUPPLIED for _ in range(PURCHASES)]
        with self._models.scorecard(bought, LAST) as connection:
            rows = connection.execute(
                "select channel_code, effective_to_list, effective_to_list_lo, effective_to_list_hi,"
                " success_rate, success_rate_lo, success_rate_hi from mart_channel_scorecard where period = 'all'"
            ).fetchall()
        for code, *bounds in rows:
            yield code, "effective cost", Interval(*bounds[:3])
            yield code, "success rate", Interval(*bounds[3:])


def _bought(rng: Random, law: ChannelLaw) -> BoughtUnit:
    """One purchase of a good of some price, with all that became of it."""
    one, listed_fen = fate(rng, law, hurried=False), rng.choice(LIST_COSTS_FEN)
    cost_fen = listed_fen + listed_fen * one.cost_permille // 1000
    has_code, is_lost = one.end == "succeeded", one.end == "written_off"
    is_bad = has_code and rng.random() < law.defect
    credited_fen = 0
    if is_bad and rng.random() < law.recovered:
        credited_fen = cost_fen if rng.random() < CREDITED_IN_FULL else cost_fen // 2
    return BoughtUnit(
        channel_key=law.code,
        has_code=has_code,
        is_defective=is_bad,
        was_written_off=is_lost,
        listed_fen=listed_fen,
        cost_fen=cost_fen,
        written_off_fen=cost_fen if is_lost else 0,
        written_off_back_fen=cost_fen if is_lost and one.after else 0,
        credited_fen=credited_fen,
        seconds_to_end=int(one.seconds),
    )


def _names() -> list[str]:
    return [*QUARTILES, *(f"p{days}" for days in HORIZONS_DAYS)]


def _named(true: Figures) -> dict[str, float | None]:
    return dict(
        zip(
            _names(),
            (true.q25_days, true.median_days, true.q75_days, true.p30, true.p60, true.p90, true.p365),
            strict=True,
        )
    )


def _interval(row: dict[str, Any], name: str) -> Interval:
    """A quartile that was not reached lies beyond; a probability is always known in these shops."""
    column = f"km_{name}_days" if name in QUARTILES else f"km_{name}"
    value, low, high = (row[f"{column}{end}"] for end in ("", "_lo", "_hi"))
    return Interval(*(inf if end is None else end for end in (value, low, high)))
