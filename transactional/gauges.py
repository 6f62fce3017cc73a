"""What the database is asked at a scrape, each by one cheap statement: jobs, the unsealed tail, the log, open work.

Orders are not counted here: the warehouse does that. Answers are kept for some seconds, however often one scrapes.
"""

import asyncio
import time
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import Row, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.db import reading

KEEP_SECONDS = 5.0
JOB_STATES = ("todo", "doing", "failed")

JOBS = text("""
select status::text as state, count(*) as jobs,
    coalesce(max(extract(epoch from now() - since)) filter (where since <= now()), 0)::float8 as oldest_s
from (
    select j.status, coalesce(j.scheduled_at, (
        select min(e.at) from jobs.procrastinate_events as e where e.job_id = j.id)) as since
    from jobs.procrastinate_jobs as j where j.status in ('todo', 'doing')
    union all select status, null from jobs.procrastinate_jobs where status = 'failed'
) as counted group by status
""")
# a later transaction may commit first, so this is the age of what certainly is not sealed yet: the newest sealed row
# bounds it from below by the index on row_xid, without reading the ledger
UNSEALED = text("""
select coalesce(extract(epoch from now() - (
    select min(t.created_at) from shop.ledger_transaction as t
    where t.row_xid >= coalesce((select s.horizon_xid from shop.ledger_seal as s order by s.seal_no desc limit 1), 0)
)), 0)::float8 as age_s
""")
# other roles' sessions hide their start from the service's role
OPEN = text("""
select coalesce(extract(epoch from clock_timestamp() - min(xact_start)), 0)::float8 as age_s
from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()
""")
# of the newest leaves: one that waits behind so many contradicts what was published, and is people's to look at
UNPLACED = text("""
select coalesce(extract(epoch from now() - min(leaf.created_at)), 0)::float8 from shop.log_leaf as leaf
where leaf.id > (select max(id) from shop.log_leaf) - 10000
    and not exists (select from shop.log_position as p where p.leaf_id = leaf.id)
""")
UNWITNESSED = text("""
select coalesce(extract(epoch from now() - (
    select c.created_at from shop.log_checkpoint as c where c.size > coalesce((
        select seen.size from shop.log_checkpoint as seen
        where exists (select from shop.log_cosignature as s where s.checkpoint_id = seen.id)
        order by seen.size desc limit 1
    ), 0) order by c.size limit 1
)), 0)::float8
""")
OVERDUE = text("select count(*) from shop.aftersales_case where due_at < now()")


class Gauges:
    """The gauges of one shop process."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._registry = registry = CollectorRegistry()
        self._up = Gauge("mingsuan_database_up", "1 when the database answered this scrape", registry=registry)
        self._jobs = Gauge("mingsuan_jobs", "Jobs by state", ["state"], registry=registry)
        self._oldest = Gauge(
            "mingsuan_jobs_oldest_todo_seconds", "Age of the oldest job that is due", registry=registry
        )
        self._tail = Gauge("mingsuan_ledger_unsealed_seconds", "Age of the oldest unsealed posting", registry=registry)
        self._open = Gauge(
            "mingsuan_oldest_transaction_seconds", "Age of the service's oldest writing transaction", registry=registry
        )
        self._overdue = Gauge(
            "mingsuan_cases_overdue", "Customers' requests whose promised answer is late", registry=registry
        )
        self._unplaced = Gauge(
            "mingsuan_log_unplaced_seconds", "Age of the oldest leaf that is not in the log of draws", registry=registry
        )
        self._unwitnessed = Gauge(
            "mingsuan_log_unwitnessed_seconds", "Age of the oldest leaves that no witness has seen", registry=registry
        )
        self._turn = asyncio.Lock()
        self._asked_at = -KEEP_SECONDS

    async def exposition(self) -> bytes:
        """In Prometheus' text format; `mingsuan_database_up` is 0 and the others as before when it does not answer."""
        async with self._turn:
            if time.monotonic() - self._asked_at >= KEEP_SECONDS:
                await self._ask()
                self._asked_at = time.monotonic()
        return generate_latest(self._registry)

    async def _ask(self) -> None:
        try:
            async with reading(self._engine) as session:
                self._count(list(await session.execute(JOBS)))
                self._tail.set(await session.scalar(UNSEALED) or 0)
                self._open.set(await session.scalar(OPEN) or 0)
                self._unplaced.set(await session.scalar(UNPLACED) or 0)
                self._unwitnessed.set(await session.scalar(UNWITNESSED) or 0)
                self._overdue.set(await session.scalar(OVERDUE) or 0)
        except (SQLAlchemyError, OSError):
            self._up.set(0)
        else:
            self._up.set(1)

    def _count(self, rows: Sequence[Row[tuple[str, int, float]]]) -> None:
        found = {row.state: row for row in rows}
        for state in JOB_STATES:
            self._jobs.labels(state).set(found[state].jobs if state in found else 0)
        self._oldest.set(found["todo"].oldest_s if "todo" in found else 0)
