"""What the worker does for benefits: keeps them in step with what happened, asks providers, lets tickets lapse.

Nothing depends on it being on time: what was missed is caught up, and a customer's own page does not wait for it.
"""

from collections.abc import Callable

from procrastinate import App

from transactional.benefits import following, in_step, launching
from transactional.db import reading, writing
from transactional.shop import Shop


def register(app: App, shop: Callable[[], Shop]) -> None:
    """The slice's tasks; `shop` gives the running shop when a task runs."""

    @app.periodic(cron="* * * * *")
    @app.task(name="benefits.sweep", queue="shop", queueing_lock="benefits.sweep")
    async def _sweep(timestamp: int) -> None:  # noqa: ARG001
        await in_step.sweep(shop().engine, shop().zone)

    @app.periodic(cron="23 19 * * *")
    @app.task(name="benefits.sweep_all", queue="shop", queueing_lock="benefits.sweep_all")
    async def _sweep_all(timestamp: int) -> None:  # noqa: ARG001
        await in_step.sweep(shop().engine, shop().zone, everything=True)

    @app.periodic(cron="* * * * *")
    @app.task(name="benefits.follow", queue="shop", queueing_lock="benefits.follow")
    async def _follow(timestamp: int) -> None:  # noqa: ARG001
        await follow(shop())

    @app.task(name="benefits.look", queue="shop")
    async def _look(activation_id: int) -> None:
        await following.look(shop(), [activation_id])


async def follow(shop: Shop) -> None:
    """Tickets that ran out lapse; providers are asked about what is due, a batch at a time."""
    async with writing(shop.engine) as session:
        await launching.lapse_overdue(session)
    while True:
        async with reading(shop.engine) as session:
            due = await following.due(session)
        await following.look(shop, due)
        if len(due) < following.AT_ONCE:
            return
