"""What the worker does for offers: pulls them channel by channel, and looks after costs and rates between pulls."""

from collections.abc import Callable

from procrastinate import App

from transactional.db import writing
from transactional.shop import Shop
from transactional.suppliers.offers import rate_watch, sync
from transactional.suppliers.routing import inversions


def register(app: App, shop: Callable[[], Shop]) -> None:
    """The tasks; `shop` gives the running shop when one runs."""

    @app.task(name=sync.PULL, queue="shop")
    async def _pull(channel_id: int) -> None:
        await sync.pull(shop().engine, shop().vault, channel_id)

    @app.periodic(cron="* * * * *")
    @app.task(name="suppliers.pull_due", queue="shop", queueing_lock="suppliers.pull_due")
    async def _pull_due(timestamp: int) -> None:  # noqa: ARG001
        due = await sync.due(shop().engine)
        async with writing(shop().engine) as session:
            for channel_id in due:
                await sync.soon(session, channel_id)

    @app.periodic(cron="* * * * *")
    @app.task(name="suppliers.judge_costs", queue="shop", queueing_lock="suppliers.judge_costs")
    async def _judge_costs(timestamp: int) -> None:  # noqa: ARG001
        async with writing(shop().engine) as session:
            await inversions.judge_all(session)

    @app.periodic(cron="7 * * * *")
    @app.task(name="suppliers.watch_rates", queue="shop", queueing_lock="suppliers.watch_rates")
    async def _watch_rates(timestamp: int) -> None:  # noqa: ARG001
        async with writing(shop().engine) as session:
            await rate_watch.watch(session)
