"""Where purchases of one process meet: those that arrive while others are written travel as one batch.

Nothing waits when the shop is idle. A batch that fails is tried again one by one.
"""

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from transactional import metrics
from transactional.db import ReadSession, writing
from transactional.errors import OutOfStockError
from transactional.orders import hot_path
from transactional.orders.floors import Floors
from transactional.orders.hot_path import Outcome
from transactional.orders.requests import BuyRequest
from transactional.orders.schemas import OrderPlaced

BATCH = 64
LANES = 2
"""Batches under way at once; each holds one connection."""
ATTEMPTS = 6

Waiting = tuple[BuyRequest, asyncio.Future[OrderPlaced]]


class Intake:
    """The way in for purchases, one for each process."""

    def __init__(self, engine: AsyncEngine, zone: ZoneInfo) -> None:
        self._engine = engine
        self._zone = zone
        self._floors = Floors()
        self._waiting: deque[Waiting] = deque()
        self._open_lanes = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def buy(
        self,
        customer_id: int,
        sku_public_id: UUID,
        quantity: int,
        idempotency_key: str,
        expected_net_fen: int | None = None,
    ) -> OrderPlaced:
        """Pay and deliver, or raise why not (see `service.buy`). A caller who gives up does not undo the purchase."""
        request = BuyRequest(customer_id, sku_public_id, quantity, idempotency_key, expected_net_fen)
        future: asyncio.Future[OrderPlaced] = asyncio.get_running_loop().create_future()
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
        alone: list[Waiting] = []
        for (request, future), outcome in zip(batch, await self._together(batch), strict=True):
            if outcome is None:
                alone.append((request, future))
            else:
                _answer(future, outcome)
        for request, future in alone:
            _answer(future, await self._alone(request))

    def _next_batch(self) -> list[Waiting]:
        """The oldest purchases, at most one of a customer; the others keep their places."""
        batch: dict[int, Waiting] = {}
        later: list[Waiting] = []
        while self._waiting and len(batch) < BATCH:
            waiting = self._waiting.popleft()
            if batch.setdefault(waiting[0].customer_id, waiting) is not waiting:
                later.append(waiting)
        self._waiting.extendleft(reversed(later))
        return list(batch.values())

    async def _together(self, batch: Sequence[Waiting]) -> Sequence[Outcome | None]:
        """One outcome for each, None for those that met others in the database: they go once more, alone."""
        requests = [request for request, _ in batch]
        try:
            async with writing(self._engine) as session:
                outcomes = await hot_path.buy(session, requests, self._zone, self._floors)
                contended = await _contended(session, requests, outcomes)
        except Exception:  # noqa: BLE001  (whatever it was, each request gets its own answer alone)
            return [None] * len(batch)
        metrics.batch_written(len(batch))
        return [None if at in contended else outcome for at, outcome in enumerate(outcomes)]

    async def _alone(self, request: BuyRequest) -> Outcome | Exception:
        try:
            return await self._patiently(request)
        except Exception as error:  # noqa: BLE001  (it belongs to the caller who waits for this request)
            return error

    async def _patiently(self, request: BuyRequest) -> Outcome:
        """Again when another transaction used the same key meanwhile, or holds free codes that it may give back."""
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            try:
                async with writing(self._engine) as session:
                    [outcome] = await hot_path.buy(session, [request], self._zone, self._floors)
                    contended = await _contended(session, [request], [outcome])
            except IntegrityError:
                if last:
                    raise
                continue
            if last or not contended:
                return outcome
            await asyncio.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311  (spreads out who tries again)
        raise AssertionError("unreachable")


async def _contended(session: ReadSession, requests: Sequence[BuyRequest], outcomes: Sequence[Outcome]) -> set[int]:
    """Places of purchases refused only because others hold locks on codes that are still free."""
    short = [at for at, outcome in enumerate(outcomes) if isinstance(outcome, OutOfStockError)]
    wanted = {(requests[at].sku_public_id, requests[at].quantity) for at in short}
    now = clock.now()
    enough = {each: await hot_path.is_enough(session, *each, now) for each in wanted}
    return {at for at in short if enough[requests[at].sku_public_id, requests[at].quantity]}


def _answer(future: asyncio.Future[OrderPlaced], outcome: Outcome | Exception) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        if isinstance(outcome, OutOfStockError):
            metrics.stock_out_refused()
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
