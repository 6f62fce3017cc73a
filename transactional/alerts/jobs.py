"""What the worker does for alerts: tells them. A sink that does not take them is tried again at longer intervals."""

from collections.abc import Callable

from procrastinate import App

from transactional.alerts import telling
from transactional.alerts.service import TELL
from transactional.shop import Shop


def register(app: App, shop: Callable[[], Shop]) -> None:
    """The slice's tasks; `shop` gives the running shop when a task runs."""

    @app.task(name=TELL, queue="shop")
    async def _tell() -> None:
        await telling.tell(shop())
