"""After a busy day: time passes, what was left undone is done by the worker, and nothing is under way any more."""

import asyncio
import itertools
from datetime import timedelta

import psycopg
from psycopg.types.json import Jsonb

from tests.faults.mortals import Mortals
from transactional.worker import STALLED_S

SETTLED_WITHIN_S = 180
LOOK_EVERY_S = 0.25
LOOKS_A_MINUTE = 12
"""After so many looks another minute has passed: a gateway that was silent is asked again later and later."""
PERIODIC = ("payments.ask_due", "orders.cancel_expired", "orders.release_memberships", "worker.retry_stalled")

# As if so much time had passed: what is due at an instant comes nearer.
PASSES = (
    "update shop.orders set pay_by = pay_by - %(by)s where state = 'pending_payment'",
    "update shop.card set free_at = free_at - %(by)s where isfinite(free_at)",
    "update shop.payment set created_at = created_at - %(by)s, expires_at = expires_at - %(by)s,"
    " ask_at = ask_at - %(by)s where state in ('created', 'pending')",
    "update shop.refund_payout set ask_at = ask_at - %(by)s where ask_at is not null",
    "update jobs.procrastinate_jobs set scheduled_at = scheduled_at - %(by)s where status = 'todo'",
)
# A worker that has not been heard of for longer than it may be silent alive has been silent for long.
DEAD = """
update jobs.procrastinate_workers set last_heartbeat = last_heartbeat - %s
where last_heartbeat < now() - interval '11 s'
"""
ENQUEUED = """
select jobs.procrastinate_defer_jobs_v1(array[row(
    'shop', %(task)s, 0, null, null, %(args)s, null
)::jobs.procrastinate_job_to_defer_v1])
where not exists (select from jobs.procrastinate_jobs where task_name = %(task)s and status = 'todo')
"""
UNDONE = """
select 'order ' || state || ' ' || order_no from shop.orders where state in ('pending_payment', 'paid')
union all select 'payment ' || state || ' ' || out_trade_no from shop.payment where state in ('created', 'pending')
union all select 'payout ' || state || ' ' || out_refund_no from shop.refund_payout
    where state in ('created', 'processing')
union all select 'receipt ' || id from shop.unapplied_receipt where state in ('open', 'returning')
union all select 'job ' || task_name || ' ' || status || args from jobs.procrastinate_jobs
    where status = 'doing' or (status = 'todo' and task_name like 'payments.p%%')
"""


def time_passes(database: psycopg.Connection, by: timedelta) -> None:
    """As if so much time went by without the shop: orders lapse, what was to be asked later is to be asked now."""
    for statement in PASSES:
        database.execute(statement, {"by": by})


async def settled(database: psycopg.Connection, mortals: Mortals) -> None:
    """Waits until nothing is under way; the periodic tasks are enqueued at once instead of at the next minute."""
    await mortals.up()
    left: list[str] = []
    looks = itertools.count(1)
    try:
        async with asyncio.timeout(SETTLED_WITHIN_S):
            while left := undone(database):
                if next(looks) % LOOKS_A_MINUTE == 0:
                    time_passes(database, timedelta(minutes=1))
                database.execute(DEAD, [timedelta(seconds=STALLED_S)])
                for task in PERIODIC:
                    database.execute(ENQUEUED, {"task": task, "args": Jsonb({"timestamp": 0})})
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        raise AssertionError(f"still under way: {left}") from None


def undone(database: psycopg.Connection) -> list[str]:
    """What is still under way."""
    return [line for (line,) in database.execute(UNDONE).fetchall()]
