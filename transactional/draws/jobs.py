"""What the worker does for draws: their next steps, when they are due."""

from collections.abc import Callable

from procrastinate import App

from mingsuan import clock
from transactional.db import writing
from transactional.draws import steps
from transactional.draws.moving import STEP, step_at
from transactional.shop import Shop


def register(app: App, shop: Callable[[], Shop]) -> None:
    """Adds the life of draws."""

    @app.task(name=STEP, queue="shop")
    async def _step(draw_id: int) -> None:
        await steps.step(shop(), draw_id)

    @app.periodic(cron="* * * * *")
    @app.task(name="draws.sweep", queue="shop", queueing_lock="draws.sweep")
    async def _sweep(timestamp: int) -> None:  # noqa: ARG001  (its name is the scheduler's)
        """Each draw's step is found at the latest a minute after it was due, whatever became of its own job."""
        async with writing(shop().engine) as session:
            for draw_id in await steps.due(session, clock.now()):
                await step_at(session, draw_id)
