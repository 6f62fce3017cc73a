"""What the worker does: sends notices and one-time codes, tells of orders and of goods that are back."""

from collections.abc import Callable

from procrastinate import App

from transactional.notices import order_events, restock, sending, sending_codes
from transactional.notices.service import SEND, SEND_CODE
from transactional.shop import Shop


def register(app: App, shop: Callable[[], Shop]) -> None:
    """Adds the slice's tasks."""

    @app.task(name=SEND, queue="shop")
    async def _send(notice_id: int) -> None:
        await sending.send(shop(), notice_id)

    @app.task(name=SEND_CODE, queue="shop")
    async def _send_code(message_id: int) -> None:
        await sending_codes.send_code(shop(), message_id)

    @app.periodic(cron="* * * * *")
    @app.task(name="notices.tell_of_orders", queue="shop", queueing_lock="notices.tell_of_orders")
    async def _tell_of_orders(timestamp: int) -> None:  # noqa: ARG001
        await order_events.tell_of_orders(shop())

    @app.periodic(cron="* * * * *")
    @app.task(name="notices.tell_of_restock", queue="shop", queueing_lock="notices.tell_of_restock")
    async def _tell_of_restock(timestamp: int) -> None:  # noqa: ARG001
        await restock.tell_of_restock(shop())

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="notices.forget_expired", queue="shop", queueing_lock="notices.forget_expired")
    async def _forget_expired(timestamp: int) -> None:  # noqa: ARG001
        await sending_codes.forget_expired(shop())
