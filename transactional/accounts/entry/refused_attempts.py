"""Attempts that were refused at the door, counted in the process and written down each second in one statement.

A refusal must cost next to nothing, or refusing would be how the shop is brought down; what a killed process had not
yet written is at most a second's count.
"""

import asyncio
import contextlib
import logging
from collections import Counter

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from transactional import metrics
from transactional.accounts.entry import attempts
from transactional.accounts.entry.attempts import Attempt, Watch
from transactional.cards.vault import Vault
from transactional.db import writing

EVERY_S = 1.0
PAIRS = 2000
"""Whose and from where, told apart in one second; what is beyond counts as many."""
log = logging.getLogger("mingsuan.accounts")


class RefusedAttempts:
    """One for each process. Writing stops when nobody is refused any more, and begins again with the next."""

    def __init__(self, engine: AsyncEngine, vault: Vault, watch: Watch, every_s: float = EVERY_S) -> None:
        self._engine, self._vault, self._watch = engine, vault, watch
        self._every_s = every_s
        self._counted: Counter[Attempt] = Counter()
        self._writing: asyncio.Task[None] | None = None

    def count(self, attempt: Attempt) -> None:
        """Never waits and never fails."""
        metrics.log_in_attempted(attempt.kind, "refused")
        self._add(attempt, 1)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_while_some())

    async def flush(self) -> None:
        """Writes what was counted; when that fails, it is counted still."""
        counted, self._counted = self._counted, Counter()
        if not counted:
            return
        try:
            async with writing(self._engine) as session:
                await attempts.record_refused(session, self._vault, self._watch, counted, clock.now())
        except (SQLAlchemyError, OSError):
            log.exception("refused attempts were not written; they are counted on")
            for attempt, times in counted.items():
                self._add(attempt, times)

    async def aclose(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writing
        await self.flush()

    async def _write_while_some(self) -> None:
        while self._counted:
            await asyncio.sleep(self._every_s)
            await self.flush()

    def _add(self, attempt: Attempt, times: int) -> None:
        is_new_one_too_many = len(self._counted) >= PAIRS and attempt not in self._counted
        self._counted[Attempt(attempt.kind, "many", "many") if is_new_one_too_many else attempt] += times
