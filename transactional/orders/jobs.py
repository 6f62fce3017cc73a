"""What the worker does for orders: marks unpaid ones whose time is over, lets memberships be earned day by day.

Nothing depends on it being on time: holds end by time alone, and what was missed is caught up.
"""

from collections.abc import Callable

import procrastinate

from mingsuan import clock
from transactional.db import writing
from transactional.orders import answers, fulfilment, memberships
from transactional.shop import Shop


def register(app: procrastinate.App, shop: Callable[[], Shop]) -> None:
    """The slice's tasks; `shop` gives the running shop when a task runs."""

    @app.periodic(cron="* * * * *")
    @app.task(name="orders.cancel_expired", queue="shop", queueing_lock="orders.cancel_expired")
    async def _cancel_expired(timestamp: int) -> None:  # noqa: ARG001
        await cancel_expired(shop())

    @app.periodic(cron="7 * * * *")
    @app.task(name="orders.release_memberships", queue="shop", queueing_lock="orders.release_memberships")
    async def _release_memberships(timestamp: int) -> None:  # noqa: ARG001
        await release_memberships(shop())

    @app.periodic(cron="*/5 * * * *")
    @app.task(name="orders.seal_answers", queue="shop", queueing_lock="orders.seal_answers")
    async def _seal_answers(timestamp: int) -> None:  # noqa: ARG001
        await seal_answers(shop())


async def seal_answers(shop: Shop) -> int:
    """Answers that rows of an earlier version still hold in clear, a batch a transaction; how many."""
    done = 0
    while True:
        async with writing(shop.engine) as session:
            batch = await answers.seal_what_is_in_clear(session, shop.vault)
        done += batch
        if batch < answers.AT_ONCE:
            return done


async def cancel_expired(shop: Shop) -> int:
    """All unpaid orders whose time is over, a batch a transaction; how many."""
    done = 0
    while True:
        async with writing(shop.engine) as session:
            batch = await fulfilment.unpaid_expired(session, clock.now())
        done += batch
        if batch < fulfilment.AT_ONCE:
            return done


async def release_memberships(shop: Shop) -> None:
    """What the days before today's have earned of every membership, a batch a transaction."""
    at, after = clock.now(), 0
    while True:
        async with writing(shop.engine) as session:
            last = await memberships.release_due(session, at, shop.zone, after)
        if last is None:
            return
        after = last
