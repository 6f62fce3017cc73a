"""Runs the payments' jobs that are due, in this process and on the test's clock, by the tasks that the worker has."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import procrastinate
from procrastinate.testing import InMemoryConnector
from sqlalchemy import text

from mingsuan import clock
from transactional.db import writing
from transactional.payments.jobs import register
from transactional.shop import Shop

TAKE = text("""
delete from jobs.procrastinate_jobs where id in (
    select id from jobs.procrastinate_jobs where task_name like 'payments.%' and status = 'todo'
        and coalesce(scheduled_at, '-infinity') <= :at order by id
) returning task_name, args, id
""")
NEXT = text("select min(coalesce(scheduled_at, '-infinity')) from jobs.procrastinate_jobs where task_name like :name")


class JobQueue:
    """The jobs of one shop."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        app = procrastinate.App(connector=InMemoryConnector())
        register(app, lambda: shop)
        self.tasks: dict[str, Callable[..., Awaitable[Any]]] = {name: task.func for name, task in app.tasks.items()}

    async def run_due(self, rounds: int = 20) -> list[str]:
        """Runs what is due now, and what that makes due, and tells which tasks ran."""
        ran: list[str] = []
        for _ in range(rounds):
            async with writing(self._shop.engine) as session:
                due = sorted((await session.execute(TAKE, {"at": clock.now()})).all(), key=lambda row: row.id)
            if not due:
                return ran
            for job in due:
                args = job.args if isinstance(job.args, dict) else json.loads(job.args)
                await self.tasks[job.task_name](**args)
                ran.append(job.task_name)
        raise AssertionError(f"jobs make jobs without end: {ran[-10:]}")

    async def lose(self) -> None:
        """All jobs are gone, as after a restore of an older queue."""
        async with writing(self._shop.engine) as session:
            await session.execute(text("delete from jobs.procrastinate_jobs"))

    async def next_at(self, task: str) -> datetime | None:
        """When the next job of a task is due."""
        async with writing(self._shop.engine) as session:
            found: datetime | None = await session.scalar(NEXT, {"name": task})
        return found
