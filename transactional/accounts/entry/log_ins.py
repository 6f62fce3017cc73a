"""Who is behind a customer's cookie, asked by every request: questions that arrive together travel as one.

Nothing is remembered, so a log-in that ended is refused from the next request on.
"""

import asyncio
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from transactional.accounts import queries, tokens
from transactional.accounts.schemas import CustomerSubject
from transactional.db import reading

Waiting = dict[bytes, asyncio.Future[CustomerSubject | None]]


class LogIns:
    """One for each process. A question is always put to the database after it was asked here."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: Waiting = {}
        self._task: asyncio.Task[None] | None = None

    async def customer(self, token: str) -> CustomerSubject | None:
        """The customer behind a cookie's token, None when there is none, it ended or expired."""
        digest = tokens.digest(token)
        future = self._waiting.get(digest)
        if future is None:
            future = self._waiting[digest] = asyncio.get_running_loop().create_future()
            if self._task is None:
                self._task = asyncio.create_task(self._answer())
        return await asyncio.shield(future)

    async def _answer(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                try:
                    found = await self._look_up(asked)
                except Exception as error:  # noqa: BLE001  (it belongs to those who asked)
                    _fail(asked, error)
                else:
                    for digest, future in asked.items():
                        future.set_result(found.get(digest))
        finally:
            self._task = None

    async def _look_up(self, asked: Waiting) -> Mapping[bytes, CustomerSubject]:
        async with reading(self._engine) as session:
            return await queries.customers_of_tokens(session, list(asked), clock.now())


def _fail(asked: Waiting, error: Exception) -> None:
    for future in asked.values():
        future.set_exception(error)
        future.exception()  # who asked may have gone
