"""Winners and reserves are the picks of the seed, by a whole shuffle of all entries as anybody would write it."""

from collections.abc import Iterator
from hashlib import sha256

import pytest

from transactional.draws import rules
from transactional.draws.models import Draw
from transactional.draws.winners import HouseEntries, picked


def shuffled(seed: bytes, entries: int) -> list[int]:
    stream, order = rules.Stream(seed), list(range(entries))
    for i in range(entries):
        j = i + stream.below(entries - i)
        order[i], order[j] = order[j], order[i]
    return order


@pytest.mark.parametrize("entries", [1, 2, 3, 10, 100])
@pytest.mark.parametrize("house", [[], [(0, 1)], [(1, 3), (7, 2), (40, 50)]])
def test_reserves_follow_the_winners_and_are_never_the_houses(entries: int, house: list[tuple[int, int]]) -> None:
    owned = {index for first, count in house for index in range(first, first + count)}
    for number in range(20):
        seed = sha256(bytes([number])).digest()
        order = shuffled(seed, entries)
        draw = Draw(next_index=entries, winners=3, reserves=4)
        found = picked(draw, seed, HouseEntries(house))
        assert list(found.winners) == order[:3]
        assert list(found.reserves) == [index for index in order[3:] if index not in owned][:4]


def test_reserves_are_not_looked_for_once_all_that_are_not_the_houses_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = 0

    def picks(of: bytes, entries: int) -> Iterator[int]:
        nonlocal drawn
        for index in (7, 3, *range(3), *range(4, 7), *range(8, entries)):
            drawn += 1
            yield index

    monkeypatch.setattr(rules, "picks", picks)
    draw = Draw(next_index=10_000_000, winners=2, reserves=5)
    assert picked(draw, b"", HouseEntries([(0, 3), (4, 10_000_000 - 4)])).reserves == ()  # number 3 alone, and it won
    assert drawn == 2
    drawn = 0
    assert picked(draw, b"", HouseEntries([(0, 3), (5, 10_000_000 - 5)])).reserves == (4,)
    assert drawn == 6


def test_ranges_of_the_house_end_where_they_end() -> None:
    house = HouseEntries([(2, 3), (9, 1)])
    assert [index for index in range(12) if index in house] == [2, 3, 4, 9]
    assert 0 not in HouseEntries([])
