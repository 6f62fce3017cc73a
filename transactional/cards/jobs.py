"""What the worker does for the card pool."""

from collections.abc import Callable

import procrastinate

from transactional.cards.write_off import write_off_expired
from transactional.db import writing
from transactional.shop import Shop


def register(app: procrastinate.App, shop: Callable[[], Shop]) -> None:
    """Puts this slice's tasks on the worker's app; `shop` is asked when a job runs."""

    @app.periodic(cron="7 * * * *")
    @app.task(name="cards.write_off_expired", queue="shop")
    async def write_off(timestamp: int) -> None:  # noqa: ARG001  (the queue's own argument)
        """Expired codes leave the inventory; none is sold meanwhile, since claims look at the time themselves."""
        here, more = shop(), True
        while more:
            async with writing(here.engine) as session:
                more = await write_off_expired(session, here.zone) > 0
