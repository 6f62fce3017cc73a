"""Who waits how long for a try to come in: few at once, known devices first, quiet addresses before noisy ones.

One for each process. What a try is worth is decided in `entry_rules`, who is refused before they wait in `entry_gate`.
"""

import asyncio
import math
import os
import time
from bisect import insort
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from transactional.accounts.entry.errors import CrowdedError

PLACES = 64
PLACES_EACH = 4
"""Of one device or address: many connections from one place do not fill the queue."""
PATIENCE_S = 4.0
PATIENCE_OF_GOOD_S = 20.0
"""Of known devices and of quiet addresses from which somebody came in lately (rank 0 and 1): they are few."""
MOST_RETRY_S = 60
OWN_TURNS = 1
"""Turns that only known devices are given, so that they never wait for a stranger's password."""


def spare_core() -> int:
    """Passwords checked at once: all cores but one, which is left to everything else that the shop does."""
    return max(1, (os.cpu_count() or 1) - 1)


@dataclass(order=True, slots=True)
class _Waiting:
    rank: int
    number: int
    whose: str = field(compare=False)
    turn: asyncio.Future[bool] = field(compare=False)


class EntryQueue:
    """A turn is given to the lowest rank, among equals to the first. When it is full, the worst has to go.

    Rank 0 is for known devices: they have OWN_TURNS beside the turns that everybody is given.
    """

    def __init__(self, at_once: int | None = None, places: int = PLACES, patience_s: float = PATIENCE_S) -> None:
        self._free = self._at_once = at_once or spare_core()
        self._own = OWN_TURNS
        self._places = places
        self._patience_s = patience_s
        self._waiting: list[_Waiting] = []
        self._of_each: Counter[str] = Counter()
        self._number = 0
        self._mean_s = 0.05

    @asynccontextmanager
    async def turn(self, rank: int, whose: str) -> AsyncIterator[None]:
        """Raises CrowdedError at once or when patience is at its end, never later."""
        is_own = await self._enter(rank, whose)
        began = time.perf_counter()
        try:
            yield
        finally:
            self._mean_s += 0.1 * (time.perf_counter() - began - self._mean_s)
            self._pass_on(is_own)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def _enter(self, rank: int, whose: str) -> bool:
        """Whether the turn is one of those for known devices."""
        if rank == 0 and self._own:
            self._own -= 1
            return True
        if self._free:
            self._free -= 1
            return False
        mine = self._place(rank, whose)
        try:
            async with asyncio.timeout(PATIENCE_OF_GOOD_S if rank <= 1 else self._patience_s):
                return await mine.turn
        except TimeoutError:
            self._withdraw(mine)
            raise self._crowded() from None
        except asyncio.CancelledError:
            self._withdraw(mine)
            raise

    def _place(self, rank: int, whose: str) -> _Waiting:
        if self._of_each[whose] >= PLACES_EACH:
            raise self._crowded()
        self._number += 1
        mine = _Waiting(rank, self._number, whose, asyncio.get_running_loop().create_future())
        if len(self._waiting) >= self._places:
            worst = self._waiting[-1]
            if worst < mine:
                raise self._crowded()
            self._remove(worst)
            if not worst.turn.done():
                worst.turn.set_exception(self._crowded())
        insort(self._waiting, mine)
        self._of_each[whose] += 1
        return mine

    def _withdraw(self, mine: _Waiting) -> None:
        """It gave up waiting; a turn that it was given at that very moment goes on to the next."""
        if mine.turn.done() and not mine.turn.cancelled() and mine.turn.exception() is None:
            self._pass_on(mine.turn.result())
        elif mine in self._waiting:
            self._remove(mine)

    def _pass_on(self, is_own: bool) -> None:
        while self._waiting and (self._waiting[0].rank == 0 or not is_own):
            following = self._waiting[0]
            self._remove(following)
            if not following.turn.done():  # one that gave up at this moment is still in its place
                following.turn.set_result(is_own)
                return
        if is_own:
            self._own += 1
        else:
            self._free += 1

    def _remove(self, each: _Waiting) -> None:
        self._waiting.remove(each)
        self._of_each[each.whose] -= 1
        if not self._of_each[each.whose]:
            del self._of_each[each.whose]

    def _crowded(self) -> CrowdedError:
        seconds = math.ceil(len(self._waiting) * self._mean_s / self._at_once)
        return CrowdedError(retry_after_seconds=min(max(seconds, 1), MOST_RETRY_S))
