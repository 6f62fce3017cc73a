"""What the worker does for parcels: subscribes to reports, asks about those that are under way, confirms by time."""

from collections.abc import Callable

from procrastinate import App

from transactional.logistics import receiving, tracking
from transactional.logistics.dispatching import SUBSCRIBE
from transactional.shop import Shop


def register(app: App, shop: Callable[[], Shop]) -> None:
    """Adds the slice's tasks."""

    @app.task(name=SUBSCRIBE, queue="shop")
    async def _subscribe(shipment_id: int, attempt: int) -> None:
        await tracking.subscribe(shop(), shipment_id, attempt)

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="logistics.ask_due", queue="shop", queueing_lock="logistics.ask_due")
    async def _ask_due(timestamp: int) -> None:  # noqa: ARG001
        await tracking.ask_due(shop())

    @app.periodic(cron="23 * * * *")
    @app.task(name="logistics.confirm_due", queue="shop", queueing_lock="logistics.confirm_due")
    async def _confirm_due(timestamp: int) -> None:  # noqa: ARG001
        await receiving.confirm_due(shop())
