"""What the worker does for invoices: it finds issued ones whose orders were refunded since."""

from collections.abc import Callable

from procrastinate import App

from mingsuan import clock
from transactional.db import writing
from transactional.invoices import deciding
from transactional.shop import Shop


def register(app: App, shop: Callable[[], Shop]) -> None:
    """Adds the slice's tasks."""

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="invoices.watch_refunds", queue="shop")
    async def watch_refunds(timestamp: int) -> None:  # noqa: ARG001  (its name is the scheduler's)
        async with writing(shop().engine) as session:
            await deciding.watch_refunds(session, clock.now())
