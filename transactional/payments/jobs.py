"""What the worker does for payments. Each task is idempotent; what it does is in the modules that it calls."""

from collections.abc import Callable
from datetime import date

import procrastinate

from transactional.payments import asking, bills, payouts, sharing
from transactional.shop import Shop

QUEUE = "shop"


def register(app: procrastinate.App, shop: Callable[[], Shop]) -> None:
    """Puts this slice's tasks on the worker's app; `shop` is asked when a job runs."""

    @app.task(name="payments.ask", queue=QUEUE)
    async def ask(payment_id: int) -> None:
        await asking.ask(shop(), payment_id)

    @app.task(name="payments.pay_out", queue=QUEUE)
    async def pay_out(payout_id: int) -> None:
        await payouts.pay_out(shop(), payout_id)

    @app.task(name="payments.share", queue=QUEUE)
    async def share(share_id: int) -> None:
        await sharing.settle(shop(), share_id)

    @app.task(name="payments.fetch_bill", queue=QUEUE)
    async def fetch_bill(method: str, day: str) -> None:
        await bills.fetch(shop(), method, date.fromisoformat(day))

    @app.periodic(cron="* * * * *")
    @app.task(name="payments.ask_due", queue=QUEUE)
    async def ask_due(timestamp: int) -> None:  # noqa: ARG001  (its name is the scheduler's)
        await asking.ask_due(shop())

    @app.periodic(cron="30 * * * *")  # the hour is the shop's zone's: the task looks at the clock
    @app.task(name="payments.fetch_bills", queue=QUEUE)
    async def fetch_bills(timestamp: int) -> None:  # noqa: ARG001
        await bills.fetch_due(shop())
