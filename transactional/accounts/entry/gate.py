"""The gate before every attempt to come in: what is refused here costs neither a connection nor a hash.

The allowances in the database are the truth; a process remembers their refusals until they end, and lets few attempts
go on at once. How they wait is in `entry_queue`, how refusals are counted in `refused_attempts`.
"""

import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, get_args

from mingsuan import clock
from transactional.accounts.entry.attempts import Attempt, Kind
from transactional.accounts.entry.errors import CrowdedError, TooManyTriesError
from transactional.accounts.entry.fading import Fading
from transactional.accounts.entry.queue import EntryQueue
from transactional.accounts.entry.rate_limits import address_block
from transactional.accounts.entry.refused_attempts import RefusedAttempts
from transactional.accounts.entry.rules import GOOD_FOR, TRIES_COUNT_FOR, rank
from transactional.accounts.sessions import Visitor

Way = Literal["password", "code"]
"""What was tried: allowances of one say nothing of the other."""
WAYS: tuple[Way, ...] = get_args(Way)


@dataclass(frozen=True, slots=True)
class Gate:
    """One for each process: shoppers have one, staff another."""

    kind: Kind
    refused: RefusedAttempts
    queue: EntryQueue = field(default_factory=EntryQueue)
    _tries: Fading[int] = field(default_factory=Fading)
    _good: Fading[bool] = field(default_factory=Fading)
    _refusals: Fading[float] = field(default_factory=Fading)

    @asynccontextmanager
    async def turn(self, visitor: Visitor, who: str, way: Way = "password") -> AsyncIterator[None]:
        """Waits until this attempt may go on. Refusals are counted here; those of the attempt itself are its own.

        Raises TooManyTriesError at once, CrowdedError at once or after a moment.
        """
        self._check(visitor, who, way)
        rank, whose = self._rank(visitor), visitor.device_token or address_block(visitor.address)
        async with AsyncExitStack() as waited:
            try:
                await waited.enter_async_context(self.queue.turn(rank, whose))
            except CrowdedError:
                self._count(visitor, who)
                raise
            yield

    def remember_refusal(self, visitor: Visitor, who: str, way: Way, retry_after_seconds: int) -> None:
        """The database said that there were too many tries; until then there is no need to ask it again."""
        until = clock.now() + timedelta(seconds=retry_after_seconds)
        self._refusals.keep(_name(visitor, who, way), until.timestamp(), until)

    def remember_success(self, visitor: Visitor, who: str) -> None:
        """Somebody came in from there: its next attempts wait before those of addresses from which nobody did."""
        block = address_block(visitor.address)
        self._good.keep(block, True, clock.now() + GOOD_FOR)
        self._tries.forget(block)
        for way in WAYS:
            self._refusals.forget(_name(visitor, who, way))
            self._refusals.forget(f"{way}\0{block}")

    def _check(self, visitor: Visitor, who: str, way: Way) -> None:
        at = clock.now()
        until = self._refusals.get(_name(visitor, who, way), at)
        if until is not None:
            self._count(visitor, who)
            raise TooManyTriesError(retry_after_seconds=max(1, math.ceil(until - at.timestamp())))

    def _rank(self, visitor: Visitor) -> int:
        at, block = clock.now(), address_block(visitor.address)
        tries = (self._tries.get(block, at) or 0) + 1
        self._tries.keep(block, tries, at + TRIES_COUNT_FOR)
        is_good = self._good.get(block, at) is not None
        return rank(tries, is_known_device=visitor.device_token is not None, is_good_address=is_good)

    def _count(self, visitor: Visitor, who: str) -> None:
        self.refused.count(Attempt(self.kind, who, visitor.address))


def _name(visitor: Visitor, who: str, way: Way) -> str:
    """Whom a refusal is for: an address, but a device that the shop knows only with the one whose tries failed."""
    whose = f"{visitor.device_token}\0{who}" if visitor.device_token else address_block(visitor.address)
    return f"{way}\0{whose}"
