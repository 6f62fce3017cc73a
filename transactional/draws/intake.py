"""Where entries of one process meet: those that arrive while others are written travel as one batch.

Nothing waits when nobody enters. A batch that fails is tried again one by one.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.db import writing
from transactional.draws import entry_batch
from transactional.draws.entry_batch import Outcome
from transactional.draws.entry_requests import EnterRequest, Pay
from transactional.draws.entry_schemas import Entered
from transactional.draws.errors import DrawBusyError

BATCH = 64
LANES = 1
"""Batches under way at once; each holds one connection. Two would mostly wait for each other's draws, half as large."""
ATTEMPTS = 3
MOST_WAITING = 4000
"""More than these could not be answered before people give up."""

Waiting = tuple[EnterRequest, asyncio.Future[Entered]]


class Entering:
    """The way in for entries, one for each process."""

    def __init__(self, engine: AsyncEngine, zone: ZoneInfo) -> None:
        self._engine = engine
        self._zone = zone
        self._waiting: deque[Waiting] = deque()
        self._open_lanes = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def enter(
        self,
        customer_id: int,
        draw_public_id: UUID,
        count: int,
        idempotency_key: str,
        *,
        pay: Pay,
        hold_id: UUID | None = None,
        expected_stake_fen: int | None = None,
    ) -> Entered:
        """Give so many numbers of an open draw, paid at once, or raise why not (a ShopError) with nothing paid.

        A caller who gives up does not undo it: the same key gets the same answer.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise DrawBusyError
        request = EnterRequest(customer_id, draw_public_id, count, idempotency_key, pay, hold_id, expected_stake_fen)
        future: asyncio.Future[Entered] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        if self._open_lanes < LANES:
            self._open_lanes += 1
            lane = asyncio.create_task(self._lane())
            self._tasks.add(lane)
            lane.add_done_callback(self._tasks.discard)
        return await future

    async def _lane(self) -> None:
        """Until nothing waits. Counts itself out at once: its task is seen as done only after its callers went on."""
        try:
            while self._waiting:
                await self._settle(self._next_batch())
        finally:
            self._open_lanes -= 1

    async def _settle(self, batch: Sequence[Waiting]) -> None:
        outcomes = await self._together([request for request, _ in batch])
        for at, (request, future) in enumerate(batch):
            _answer(future, outcomes[at] if outcomes else await self._alone(request))

    def _next_batch(self) -> list[Waiting]:
        """The oldest requests, at most one of a customer; the others keep their places."""
        batch: dict[int, Waiting] = {}
        later: list[Waiting] = []
        while self._waiting and len(batch) < BATCH:
            waiting = self._waiting.popleft()
            if batch.setdefault(waiting[0].customer_id, waiting) is not waiting:
                later.append(waiting)
        self._waiting.extendleft(reversed(later))
        return list(batch.values())

    async def _together(self, requests: Sequence[EnterRequest]) -> Sequence[Outcome]:
        """One outcome for each, or none at all: then they go once more, alone."""
        try:
            async with writing(self._engine) as session:
                return await entry_batch.enter(session, requests, self._zone)
        except DrawBusyError as busy:
            return [busy] * len(requests)
        except Exception:  # noqa: BLE001  (whatever it was, each request gets its own answer alone)
            return ()

    async def _alone(self, request: EnterRequest) -> Outcome | Exception:
        """Again when another transaction used the same key meanwhile."""
        for attempt in range(ATTEMPTS):
            try:
                async with writing(self._engine) as session:
                    [outcome] = await entry_batch.enter(session, [request], self._zone)
                return outcome
            except IntegrityError as error:
                if attempt == ATTEMPTS - 1:
                    return error
            except Exception as error:  # noqa: BLE001  (it belongs to the caller who waits for this request)
                return error
        raise AssertionError("unreachable")


def _answer(future: asyncio.Future[Entered], outcome: Outcome | Exception) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
