"""Nobody is drawn more often than another: χ², runs and serial tests at 99 % over all of them together (Bonferroni).

Seeds are fixed, so that a run says the same every time. `make prove` takes 100,000 selections of each kind of draw.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise
from math import sqrt

import pytest
from scipy import stats

from transactional.draws import rules

DRAWS = [(2, 1), (7, 7), (10, 3), (365, 20), (6_888, 3), (40_000, 10), (1_000_000, 100), (10_000_000, 1)]
TESTS_OF_EACH = 3
REFUSED_BELOW = 0.01 / (TESTS_OF_EACH * len(DRAWS))
"""A true generator is refused in one run of all tests out of a hundred; its seeds were not chosen."""
MOST_BINS = 50
PAIR_BINS = 8
Picker = Callable[[bytes, int], Iterator[int]]


def selections(picks: Picker, entries: int, winners: int, count: int) -> list[list[int]]:
    """Winners of as many draws as it takes for `count` selections."""
    seeds = (hashlib.sha256(f"uniformity {entries} {number}".encode()).digest() for number in range(count // winners))
    return [list(islice(picks(seed, entries), winners)) for seed in seeds]


def in_a_row(draws: Sequence[Sequence[int]]) -> list[int]:
    """All first winners, then all second ones: neighbours come from different seeds, so they owe each other nothing."""
    return [index for place in zip(*draws, strict=True) for index in place]


def bins_of(entries: int, most: int) -> list[float]:
    """The share of all entries that falls into each bin; entry i is in bin i · bins // entries."""
    bins = min(entries, most)
    edges = [-(-entries * place // bins) for place in range(bins + 1)]
    return [(end - start) / entries for start, end in pairwise(edges)]


def chi_square(draws: Sequence[Sequence[int]], entries: int) -> float:
    """p-value. Within a draw nobody wins twice, which shrinks the variance by (N − W) / (N − 1)."""
    shares, winners = bins_of(entries, MOST_BINS), len(draws[0])
    found = Counter(index * len(shares) // entries for draw in draws for index in draw)
    count = len(draws) * winners
    statistic = sum((found[place] - count * share) ** 2 / (count * share) for place, share in enumerate(shares))
    shrunk = (entries - winners) / (entries - 1)
    if shrunk == 0:  # everybody wins: all are drawn equally often, and that is all there is to say
        return float(statistic == 0)
    return float(stats.chi2.sf(statistic / shrunk, len(shares) - 1))


def runs(row: Sequence[int], entries: int) -> float:
    """p-value of Wald and Wolfowitz: how often the row changes between the lower and the upper half."""
    upper = [2 * index >= entries for index in row if 2 * index + 1 != entries]
    ones, zeros = sum(upper), len(upper) - sum(upper)
    changes = 1 + sum(one != other for one, other in pairwise(upper))
    mean = 1 + 2 * ones * zeros / (ones + zeros)
    variance = (mean - 1) * (mean - 2) / (ones + zeros - 1)
    return float(2 * stats.norm.sf(abs(changes - mean) / sqrt(variance)))


def serial(row: Sequence[int], entries: int) -> float:
    """p-value of χ² over pairs of neighbours that do not overlap."""
    shares = bins_of(entries, PAIR_BINS)
    size = len(shares)
    places = [index * size // entries for index in row]
    found = Counter(zip(places[::2], places[1::2], strict=False))
    count = len(row) // 2
    statistic = sum(
        (found[one, other] - count * shares[one] * shares[other]) ** 2 / (count * shares[one] * shares[other])
        for one in range(size)
        for other in range(size)
    )
    return float(stats.chi2.sf(statistic, size * size - 1))


def p_values(picks: Picker, entries: int, winners: int, count: int) -> list[float]:
    draws = selections(picks, entries, winners, count)
    row = in_a_row(draws)
    return [chi_square(draws, entries), runs(row, entries), serial(row, entries)]


def modulo_of_16_bits(seed: bytes, entries: int) -> Iterator[int]:
    """What many sites do: two bytes modulo N. Of 65,536 values, the first 25,536 entries get two each."""
    return (int.from_bytes(hashlib.sha256(seed + bytes([i])).digest()[:2]) % entries for i in range(256))


def never_staying(seed: bytes, entries: int) -> Iterator[int]:
    """Sattolo's mistake: a place is swapped with a later one only, so that entry 0 never wins first."""
    stream, places = rules.Stream(seed), list(range(entries))
    for i in range(entries - 1):
        j = i + 1 + stream.below(entries - i - 1)
        places[i], places[j] = places[j], places[i]
    return iter(places)


@pytest.fixture
def count(full_counts: bool) -> int:
    return 100_000 if full_counts else 10_000


@pytest.mark.parametrize(("entries", "winners"), DRAWS)
def test_selections_are_uniform(entries: int, winners: int, count: int) -> None:
    p = p_values(rules.picks, entries, winners, count)
    assert min(p) > REFUSED_BELOW, p


def test_a_biased_modulo_is_found_out(count: int) -> None:
    of_squares, _, of_pairs = p_values(modulo_of_16_bits, 40_000, 10, count)
    assert max(of_squares, of_pairs) < REFUSED_BELOW / 1e6


def test_a_shuffle_with_a_famous_mistake_is_found_out(count: int) -> None:
    assert p_values(never_staying, 7, 1, count)[0] < REFUSED_BELOW / 1e6


def test_rows_that_stick_are_found_out(count: int) -> None:
    """Neighbours that follow each other, each alone as likely as any."""
    row = in_a_row(selections(rules.picks, 1_000, 1, count // 2))
    sticky = [index for first in row for index in (first, first if first % 3 else row[first])]
    draws = [[index] for index in row]
    assert chi_square(draws, 1_000) > REFUSED_BELOW
    assert max(runs(sticky, 1_000), serial(sticky, 1_000)) < REFUSED_BELOW / 1e6
