"""What the worker does for alerts: tells them at once, and again what a sink did not take."""

from collections.abc import Callable

from procrastinate import App

from transactional.alerts import telling
from transactional.alerts.service import TELL
from transactional.patience import Patience
from transactional.shop import Shop

ATTEMPTS = 6
"""Within five minutes or so; after that it is the sweep's, every quarter of an hour for as long as it is news."""


def register(app: App, shop: Callable[[], Shop]) -> None:
    """The slice's tasks; `shop` gives the running shop when a task runs. They never run side by side."""

    @app.task(name=TELL, queue="shop", lock=TELL, retry=Patience(ATTEMPTS))
    async def _tell() -> None:
        await telling.tell(shop())

    @app.periodic(cron="*/15 * * * *")
    @app.task(name="alerts.tell_left", queue="shop", lock=TELL, queueing_lock="alerts.tell_left")
    async def _tell_left(timestamp: int) -> None:  # noqa: ARG001
        await telling.tell(shop())
