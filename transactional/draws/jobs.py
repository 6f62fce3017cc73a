"""What the worker does for draws: their next steps, when they are due."""

import contextlib
from collections.abc import Callable

from procrastinate import App, RetryStrategy

from mingsuan import clock
from transactional.db import reading, writing
from transactional.draws import bundles, steps
from transactional.draws.moving import BUNDLE, QUEUE, SETTLE, STEP, WAKE, step_at
from transactional.shop import Shop

AGAIN_S = 15
"""A step that failed is tried again so soon, as often as it takes: longer pauses would outlast a deadline."""


def register(app: App, shop: Callable[[], Shop]) -> None:
    """Adds the life of draws."""
    soon = RetryStrategy(wait=AGAIN_S)

    @app.task(name=STEP, queue=QUEUE, retry=soon)
    async def _step(draw_id: int) -> None:
        await steps.step(shop(), draw_id)

    @app.task(name=WAKE, queue=QUEUE, retry=soon)
    async def _wake(draw_id: int) -> None:
        async with writing(shop().engine) as session:
            await step_at(session, draw_id)

    @app.task(name=SETTLE, queue="shop", retry=soon)
    async def _settle(draw_id: int) -> None:
        await steps.settle(shop(), draw_id)

    @app.task(name=BUNDLE, queue="shop")
    async def _bundle(draw_id: int) -> None:
        async with reading(shop().engine) as session:
            await bundles.write(session, shop().keeper, shop().settings.public_dir, draw_id)

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="draws.bundles", queue="shop", queueing_lock="draws.bundles")
    async def _bundles(timestamp: int) -> None:  # noqa: ARG001  (its name is the scheduler's)
        await make_missing_bundles(shop())

    @app.periodic(cron="* * * * *")
    @app.task(name="draws.sweep", queue=QUEUE, queueing_lock="draws.sweep")
    async def _sweep(timestamp: int) -> None:  # noqa: ARG001  (its name is the scheduler's)
        await sweep(shop())


async def sweep(shop: Shop) -> None:
    """Each draw's step is found at the latest a minute after it was due, whatever became of its own job.

    Each is a transaction of its own: two that wait for each other's steps in different order would wait for ever.
    """
    async with reading(shop.engine) as session:
        found = await steps.due(session, clock.now())
    for draw_id in found:
        async with writing(shop.engine) as session:
            await step_at(session, draw_id)


async def make_missing_bundles(shop: Shop) -> None:
    """Of ended draws: the warehouse's audit asks for each. One that is not in the log yet has its turn later."""
    async with reading(shop.engine) as session:
        found = await bundles.missing(session, shop.settings.public_dir)
    for draw_id in found:
        with contextlib.suppress(bundles.NothingToShowError):
            async with reading(shop.engine) as session:
                await bundles.write(session, shop.keeper, shop.settings.public_dir, draw_id)
