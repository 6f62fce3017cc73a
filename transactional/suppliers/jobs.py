"""What the worker does to obtain goods. Each task is idempotent; what it does is in the modules that it calls.

Purchases have a queue, and in the worker a concurrency, of their own: most of a purchase is waiting for a supplier, and
suppliers that hang must not keep payments and notices waiting.
"""

from collections.abc import Callable

import procrastinate

from transactional.shop import Shop
from transactional.suppliers.purchases import asking as purchase_asking
from transactional.suppliers.purchases import obtaining
from transactional.suppliers.service import ASK, OBTAIN, QUEUE, SEND


def register(app: procrastinate.App, shop: Callable[[], Shop]) -> None:
    """Puts this slice's tasks on the worker's app; `shop` is asked when a job runs."""

    @app.task(name=OBTAIN, queue=QUEUE)
    async def obtain(fulfilment_id: int) -> None:
        await obtaining.obtain(shop(), fulfilment_id)

    @app.task(name=SEND, queue=QUEUE)
    async def send(purchase_id: int) -> None:
        await obtaining.send_or_obtain(shop(), purchase_id)

    @app.task(name=ASK, queue=QUEUE)
    async def ask(purchase_id: int) -> None:
        await purchase_asking.ask(shop(), purchase_id)

    @app.periodic(cron="* * * * *")
    @app.task(name="suppliers.sweep", queue=QUEUE, queueing_lock="suppliers.sweep")
    async def sweep(timestamp: int) -> None:  # noqa: ARG001  (its name is the scheduler's)
        await purchase_asking.sweep(shop())
