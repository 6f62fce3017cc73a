"""Whether winning entries lie as chance would lay them, over all draws decided so far: by place, and the house's own.

Writes `computed.draw_uniformity`. A verified draw needs no statistics; this shows an operator's luck at one glance.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from mingsuan import clock
from mingsuan.progress import Progress
from mingsuan.settings import Settings
from pipelines.build_context import BuildContext
from pipelines.warehouse import transaction

TENTHS = 10
LEAST_EXPECTED = 5.0
"""Below, a test statistic is not yet distributed as chi-square, and no probability is told."""
NO_VARIANCE = 1e-9
"""Of the largest: shares add up to one, so that one direction never varies but for rounding."""
_TABLE = """
create or replace table computed.draw_uniformity (
    scope varchar, test varchar, n_draws bigint, n_picks bigint, observed_house_picks bigint,
    expected_house_picks double, chi_square double, degrees_of_freedom bigint, p_value double, computed_at timestamptz
)"""
_PICKS = """
select d.mode, d.id, d.next_index, d.house_count, w.entry_index, e.kind = 'house'
from raw_current.draw_winner as w
join raw_current.draw as d on d.id = w.draw_id
join raw_current.draw_entry as e on e.id = w.entry_id
where w.replaces_id is null order by d.id, w.place
"""
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Drawn:
    """A decided draw: how many entries, how many the house's, which were picked as winners, how many the house's."""

    mode: str
    entries: int
    house: int
    picks: tuple[int, ...]
    house_picks: int


@dataclass(frozen=True)
class Chance:
    """Picks of one draw over categories: how many there were, and mean and covariance under chance."""

    observed: Vector
    expected: Vector
    covariance: Vector


@dataclass(frozen=True)
class Uniformity:
    """A test over many draws. `p_value`: how often chance is at least as uneven; None while that is not known."""

    chi_square: float
    degrees_of_freedom: int
    p_value: float | None


def compute(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,  # noqa: ARG001  (every computation is called alike)
    context: BuildContext,  # noqa: ARG001
    progress: Progress,  # noqa: ARG001
) -> None:
    """Replaces the table: one row per scope, `all` and each mode, and test, `place` and `house`."""
    scopes: dict[str, list[Drawn]] = defaultdict(list)
    for draw in _decided(connection):
        scopes["all"].append(draw)
        scopes[draw.mode].append(draw)
    at = clock.now()
    rows = [[*row, at] for scope, draws in scopes.items() for row in _rows(scope, draws)]
    connection.execute("create schema if not exists computed")
    with transaction(connection):
        connection.execute(_TABLE)
        for row in rows:
            connection.execute(f"insert into computed.draw_uniformity values ({', '.join('?' * 10)})", row)


def uniformity_of(chances: Iterable[Chance]) -> Uniformity:
    """Pearson's test over draws without replacement: the quadratic form of what was picked more or less than expected
    in the inverse of its covariance, W (N - W) / (N - 1) (diag(p) - p p'), summed over the draws."""
    told = list(chances)
    surplus = np.sum([each.observed - each.expected for each in told], axis=0)
    covariance = np.sum([each.covariance for each in told], axis=0)
    expected = np.sum([each.expected for each in told], axis=0)
    rank = int(np.linalg.matrix_rank(covariance, rtol=NO_VARIANCE, hermitian=True))
    chi_square = float(surplus @ np.linalg.pinv(covariance, rtol=NO_VARIANCE, hermitian=True) @ surplus)
    is_known = rank > 0 and expected[np.diag(covariance) > 0].min() >= LEAST_EXPECTED
    return Uniformity(chi_square, rank, float(chdtrc(rank, chi_square)) if is_known else None)


def by_place(draw: Drawn) -> Chance:
    """Winners in each tenth of the entries."""
    edges = [-(-tenth * draw.entries // TENTHS) for tenth in range(TENTHS + 1)]
    sizes = np.diff(np.array(edges, dtype=np.float64))
    observed = np.bincount([TENTHS * pick // draw.entries for pick in draw.picks], minlength=TENTHS)
    return _chance(draw, observed.astype(np.float64), sizes)


def by_house(draw: Drawn) -> Chance:
    """Winners of the house, and all others."""
    others = len(draw.picks) - draw.house_picks
    observed = np.array([draw.house_picks, others], dtype=np.float64)
    return _chance(draw, observed, np.array([draw.house, draw.entries - draw.house], dtype=np.float64))


def _chance(draw: Drawn, observed: Vector, sizes: Vector) -> Chance:
    shares, picks, entries = sizes / draw.entries, len(draw.picks), draw.entries
    spread = picks * (entries - picks) / (entries - 1) if entries > 1 else 0.0
    return Chance(observed, picks * shares, spread * (np.diag(shares) - np.outer(shares, shares)))


def _rows(scope: str, draws: Sequence[Drawn]) -> Iterator[list[object]]:
    picks = sum(len(draw.picks) for draw in draws)
    place, house = uniformity_of(map(by_place, draws)), uniformity_of(map(by_house, draws))
    observed = sum(draw.house_picks for draw in draws)
    expected = sum(len(draw.picks) * draw.house / draw.entries for draw in draws)
    for name, test, of_house in (("place", place, (None, None)), ("house", house, (observed, expected))):
        yield [
            *(scope, name, len(draws), picks, *of_house),
            *(test.chi_square, test.degrees_of_freedom, test.p_value),
        ]


def _decided(connection: duckdb.DuckDBPyConnection) -> Iterator[Drawn]:
    found: Mapping[int, list[tuple[str, int, int, int, bool]]] = defaultdict(list)
    for mode, draw, entries, house, index, is_house in connection.execute(_PICKS).fetchall():
        found[draw].append((mode, entries, house, index, is_house))
    for picks in found.values():
        mode, entries, house, *_ = picks[0]
        yield Drawn(mode, entries, house, tuple(pick[3] for pick in picks), sum(pick[4] for pick in picks))
