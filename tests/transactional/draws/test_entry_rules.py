"""What entries cost and how many fit, by hand-reckoned cases."""

import pytest

from transactional.draws.entry_rules import Pack, room, stake_fen


@pytest.mark.parametrize(
    ("count", "price"), [(1, 100), (11, 1100), (12, 1000), (13, 1100), (24, 2000), (35, 3100), (120, 10_000)]
)
def test_twelve_cost_as_much_as_ten(count: int, price: int) -> None:
    assert stake_fen(100, count, Pack(12, 10)) == price
    assert stake_fen(100, count, None) == 100 * count


def test_nothing_cannot_be_bought() -> None:
    with pytest.raises(ValueError, match="0 entries"):
        stake_fen(100, 0, None)


def test_room_is_what_is_neither_taken_nor_held() -> None:
    assert [room(10, 4, 3), room(10, 8, 3), room(0, 10**9, 5)] == [3, 0, None]
