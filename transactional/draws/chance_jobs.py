"""What the worker does for chances: it gives those that orders earned, soon after they were delivered."""

from collections.abc import Callable

import procrastinate

from mingsuan import clock
from transactional.db import writing
from transactional.draws import chances_of_orders
from transactional.shop import Shop


def register(app: procrastinate.App, shop: Callable[[], Shop]) -> None:
    """Adds the task; what was missed is caught up."""

    @app.periodic(cron="* * * * *")
    @app.task(name="draws.chances_of_orders", queue="shop", queueing_lock="draws.chances_of_orders")
    async def _chances_of_orders(timestamp: int) -> None:  # noqa: ARG001  (its name is the scheduler's)
        await read_all(shop())


async def read_all(shop: Shop) -> int:
    """All that happened to orders since the last time, a batch a transaction; how many events."""
    done = 0
    while True:
        async with writing(shop.engine) as session:
            batch = await chances_of_orders.read_on(session, shop.settings.draw_chance_fen, clock.now())
        done += batch
        if batch < chances_of_orders.AT_ONCE:
            return done
