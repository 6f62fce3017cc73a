"""Enqueueing work for the shop's worker, in the transaction that needs it. What the tasks do is in their slices.

A job's arguments are ids only: never a code, a person or a secret.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text

from transactional.db import WriteSession

DEFER = text("""
select unnest(jobs.procrastinate_defer_jobs_v1(array[row(
    :queue, :task, cast(:priority as int), cast(:lock as text), cast(:queueing_lock as text), cast(:args as jsonb),
    cast(:at as timestamptz)
)::jobs.procrastinate_job_to_defer_v1]))
""")

# Whoever moves a waiting job holds it until its transaction ends, so that it runs after that and sees what was done.
DEFER_ONE = text("""
insert into jobs.procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
values (
    :queue, :task, cast(:priority as int), cast(:lock as text), cast(:queueing_lock as text), cast(:args as jsonb),
    cast(:at as timestamptz)
)
on conflict (queueing_lock) where status = 'todo' do update set scheduled_at = excluded.scheduled_at
""")


async def defer(
    session: WriteSession,
    task: str,
    args: Mapping[str, int | str],
    *,
    at: datetime | None = None,
    lock: str | None = None,
    queue: str = "shop",
    priority: int = 0,
) -> None:
    """One job of a task by its name, from now or `at` on; jobs of the same `lock` never run side by side.

    It exists when, and only when, the session's transaction commits.
    """
    values = {"queue": queue, "task": task, "priority": priority, "lock": lock, "queueing_lock": None, "at": at}
    await session.execute(DEFER, {**values, "args": json.dumps(dict(args))})


async def defer_one(
    session: WriteSession,
    task: str,
    args: Mapping[str, int | str],
    queueing_lock: str,
    *,
    at: datetime | None = None,
    lock: str | None = None,
    queue: str = "shop",
    priority: int = 0,
) -> None:
    """The same, but one at most waits of a `queueing_lock`: another that waits is moved to this instant instead."""
    values = {
        "queue": queue,
        "task": task,
        "priority": priority,
        "lock": lock,
        "queueing_lock": queueing_lock,
        "at": at,
    }
    await session.execute(DEFER_ONE, {**values, "args": json.dumps(dict(args))})
