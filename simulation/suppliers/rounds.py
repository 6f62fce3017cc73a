"""The days of simulated suppliers: when one ends in their zone, its statement goes out to who is told of statements."""

import asyncio
from collections.abc import Collection
from datetime import date, timedelta

from mingsuan import clock
from simulation.suppliers.account import Account
from simulation.suppliers.statements import ZONE, lines

EVERY_S = 60.0


class Rounds:
    """Looks every minute; the first look sends yesterday's, too, so that none is missing after a night out.

    A day on which nothing moved has no statement.
    """

    def __init__(self, accounts: Collection[Account]) -> None:
        self._accounts = accounts
        self._sent_until: date | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def look(self, today: date) -> None:
        """Sends what ended since the last look."""
        yesterday = today - timedelta(days=1)
        if self._sent_until == yesterday:
            return
        self._sent_until = yesterday
        for account in self._accounts:
            if account.push_url and lines(account.book, yesterday):
                account.send_statement(yesterday)

    async def _run(self) -> None:
        while True:
            self.look(clock.business_date(clock.now(), ZONE))
            await asyncio.sleep(EVERY_S)
