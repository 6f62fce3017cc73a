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
