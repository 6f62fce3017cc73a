"""The shop's worker: runs the jobs that transactions left behind, the slices' periodic tasks, and the log of draws.

What the tasks do is in the slices' `jobs.py`. Every task may be run twice: after a killed worker, after a restore.
Cron expressions are in UTC.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from types import ModuleType
from typing import Any

import procrastinate
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.worker import Worker
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mingsuan.settings import Settings
from transactional import logs, metrics
from transactional.db import engine
from transactional.draws.log.running import sequencing
from transactional.draws.moving import QUEUE as DRAWS
from transactional.patience import Patience
from transactional.shop import Shop, open_shop
from transactional.suppliers.service import QUEUE as PURCHASES
from transactional.worker_probes import answering

CONCURRENCY = 4
BUYING_CONCURRENCY = 16
"""Jobs of purchases at a time, beside the others: most of one is waiting for a supplier that may hang for its whole
patience, and neither payments nor other suppliers' purchases wait behind it."""
BUYING_POLL_S = 1.0
"""How late a question to a supplier may be: what is due at an instant is only found by looking."""
DRAWING_CONCURRENCY = 4
DRAWING_POLL_S = 1.0
"""Steps of draws have deadlines: they wait for no other job, and are found as soon as they are due."""
HEARTBEAT_S = 5.0
STALLED_S = 30.0
"""A worker that has not been heard of for so long is taken for dead, and its jobs are run by others."""
STALLED_ATTEMPTS = 10
"""A job that was under way in so many deaths may be their cause: it is failed, for people to look at."""
GRACE_S = 20.0
CATCH_UP_S = 24 * 3600
"""A periodic task that was due while no worker ran is run once, if it was due within so many seconds."""
KEEP_DONE_H = 3 * 24
KEEP_FAILED_H = 90 * 24
log = logging.getLogger("mingsuan.worker")


def slices() -> tuple[ModuleType, ...]:
    """The modules that register tasks."""
    from transactional.accounts import jobs as accounts
    from transactional.aftersales import jobs as aftersales
    from transactional.alerts import jobs as alerts
    from transactional.benefits import jobs as benefits
    from transactional.cards import jobs as cards
    from transactional.catalogue import jobs as catalogue
    from transactional.draws import chance_jobs as draw_chances
    from transactional.draws import jobs as draws
    from transactional.invoices import jobs as invoices
    from transactional.ledger import jobs as ledger
    from transactional.logistics import jobs as logistics
    from transactional.notices import jobs as notices
    from transactional.orders import jobs as orders
    from transactional.payments import jobs as payments
    from transactional.suppliers import jobs as suppliers
    from transactional.suppliers.money import money_jobs as suppliers_money
    from transactional.suppliers.offers import sync_jobs as offers_sync
    from transactional.wallets import jobs as wallets

    return (
        accounts,
        aftersales,
        alerts,
        benefits,
        cards,
        catalogue,
        draw_chances,
        draws,
        invoices,
        ledger,
        logistics,
        notices,
        orders,
        payments,
        suppliers,
        suppliers_money,
        offers_sync,
        wallets,
    )


class OneWaiting(JobManager):
    """A job that is to be tried again while its successor waits (same queueing lock) gives way to it.

    The library's own cannot bring such a job back, and left under way it would hold its lock, and so the task, for
    ever.
    """

    async def retry_job(self, job: Job, *args: Any, **options: Any) -> None:
        try:
            await super().retry_job(job, *args, **options)
        except UniqueViolation:
            log.warning("job %s gives way to the one that waits", job.task_name)
            await self.finish_job(job=job, status=Status.ABORTED, delete_job=True)


def worker_app(app_url: str, shop: Callable[[], Shop]) -> procrastinate.App:
    """The queue with all tasks registered, not yet open. A task that says nothing of retries is tried patiently."""
    connector = procrastinate.PsycopgConnector(conninfo=queue_conninfo(app_url), min_size=1, max_size=CONCURRENCY + 12)
    app = procrastinate.App(connector=connector, periodic_defaults={"max_delay": CATCH_UP_S})
    app.job_manager = OneWaiting(connector)
    _register_own(app)
    for module in slices():
        module.register(app, shop)
    periodic = {name for name, _ in app.periodic_registry.periodic_tasks}
    for task in app.tasks.values():
        if task.retry_strategy is None:
            task.retry_strategy = Patience(attempts=3 if task.name in periodic else 25)
    return app


def queue_conninfo(app_url: str) -> str:
    """The service's connection string with the queue's schema first; the queue's statements name no schema."""
    options = conninfo_to_dict(app_url).get("options")
    return make_conninfo(
        app_url, options=f"{options or ''} -c search_path=jobs".strip(), application_name="mingsuan-worker"
    )


async def run(settings: Settings, app_url: str) -> None:
    """Until SIGTERM or SIGINT: then no new job is begun, and those under way get GRACE_S to end."""
    asked, source = _asked_to_end(), engine(app_url)
    try:
        shop = await open_shop(settings, source)
        try:
            async with (
                worker_app(app_url, lambda: shop).open_async() as app,
                answering(settings, source),
                sequencing(source, shop.keeper),
            ):
                log.info("the worker is up")
                await _work(app, asked)
        finally:
            await shop.aclose()
    finally:
        await source.dispose()
    log.info("the worker has stopped")


def _asked_to_end() -> asyncio.Event:
    """Heard from the first moment on: whoever sees the worker answer may ask it to end."""
    asked, loop = asyncio.Event(), asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, asked.set)
    return asked


async def _work(app: procrastinate.App, asked: asyncio.Event) -> None:
    """All kinds of work, until asked to end; when one kind stops by itself, the others do."""
    buying = {"queues": [PURCHASES], "concurrency": BUYING_CONCURRENCY, "fetch_job_polling_interval": BUYING_POLL_S}
    drawing = {"queues": [DRAWS], "concurrency": DRAWING_CONCURRENCY, "fetch_job_polling_interval": DRAWING_POLL_S}
    own = {PURCHASES, DRAWS}
    other = {"queues": sorted({task.queue for task in app.tasks.values()} - own), "concurrency": CONCURRENCY}
    ending = asyncio.create_task(asked.wait())
    runs = [asyncio.create_task(_run(app, **options)) for options in (other, buying, drawing)]
    try:
        ended, _ = await asyncio.wait([ending, *runs], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (ending, *runs):
            task.cancel()
        await asyncio.gather(ending, *runs, return_exceptions=True)
    for task in ended:
        task.result()


async def _run(app: procrastinate.App, **options: Any) -> None:
    await app.run_worker_async(
        name="mingsuan",
        update_heartbeat_interval=HEARTBEAT_S,
        stalled_worker_timeout=STALLED_S,
        shutdown_graceful_timeout=GRACE_S,
        worker_middleware=[told],
        install_signal_handlers=False,
        **options,
    )


async def told(call_next: Callable[[], Awaitable[Any]], context: JobContext, _worker: Worker) -> Any:
    """One log line and one count for each run of a job."""
    named = logs.job_id.set(context.job.id)
    began, outcome = time.perf_counter(), "failed"
    try:
        result = await call_next()
        outcome = "done"
        return result
    finally:
        seconds = time.perf_counter() - began
        metrics.job_run(context.job.task_name, outcome, seconds)
        line = {"task": context.job.task_name, "outcome": outcome, "duration_ms": round(seconds * 1000, 1)}
        log.info("job %s %s", context.job.task_name, outcome, extra={**line, "attempt": context.job.attempts + 1})
        logs.job_id.reset(named)


def _register_own(app: procrastinate.App) -> None:
    @app.periodic(cron="* * * * *")
    @app.task(name="worker.retry_stalled", queue="worker", queueing_lock="worker.retry_stalled")
    async def _retry_stalled(timestamp: int) -> None:  # noqa: ARG001  (its name is the scheduler's)
        await retry_stalled(app)

    @app.periodic(cron="17 19 * * *")
    @app.task(name="worker.prune", queue="worker", queueing_lock="worker.prune")
    async def _prune(timestamp: int) -> None:  # noqa: ARG001
        await prune(app)


async def retry_stalled(app: procrastinate.App, seconds_since_heartbeat: float = STALLED_S) -> int:
    """Puts jobs of dead workers back into the queue; the library only notices them. How many were found."""
    found = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds_since_heartbeat))
    for job in found:
        with contextlib.suppress(ConnectorException):  # it ended meanwhile, or another worker was first
            if job.attempts >= STALLED_ATTEMPTS:
                log.error("job %s was under way when its worker died, %s times", job.task_name, job.attempts)
                await app.job_manager.finish_job(job=job, status=Status.FAILED, delete_job=False)
            else:
                await app.job_manager.retry_job(job=job)
    return len(found)


async def prune(app: procrastinate.App) -> None:
    """Forgets jobs that ended: done ones soon, failed ones after a season."""
    await app.job_manager.delete_old_jobs(nb_hours=KEEP_DONE_H, include_cancelled=True)
    await app.job_manager.delete_old_jobs(nb_hours=KEEP_FAILED_H, include_failed=True, include_aborted=True)


@contextlib.asynccontextmanager
async def working(app: procrastinate.App) -> AsyncIterator[None]:
    """The worker inside another program, such as a test; its jobs are ended with the block."""
    async with app.open_async():
        task = asyncio.create_task(_work(app, asyncio.Event()))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
