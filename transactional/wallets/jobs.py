"""What the worker does for wallets: it closes top-ups whose time is over. Payments and payouts have their own tasks."""

from collections.abc import Callable

from procrastinate import App

from transactional.shop import Shop
from transactional.wallets import topping_up


def register(app: App, shop: Callable[[], Shop]) -> None:
    """Adds the slice's tasks."""

    @app.periodic(cron="* * * * *")
    @app.task(name="wallets.close_top_ups", queue="shop")
    async def close_top_ups(timestamp: int) -> None:  # noqa: ARG001  (its name is the scheduler's)
        await topping_up.close_due(shop())
