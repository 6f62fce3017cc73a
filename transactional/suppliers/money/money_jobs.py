"""What the worker does about money with suppliers: fetches statements, and watches prepaid balances."""

from collections.abc import Callable
from datetime import date

from procrastinate import App

from mingsuan import clock
from transactional.db import writing
from transactional.shop import Shop
from transactional.suppliers.money import runway, statement_pull


def register(app: App, shop: Callable[[], Shop]) -> None:
    """The tasks; `shop` gives the running shop when one runs."""

    @app.task(name=statement_pull.PULL, queue="shop")
    async def _pull_statement(channel_id: int, day: str) -> None:
        await statement_pull.pull(shop(), channel_id, date.fromisoformat(day))

    @app.periodic(cron="40 * * * *")
    @app.task(name="suppliers.want_statements", queue="shop", queueing_lock="suppliers.want_statements")
    async def _want_statements(timestamp: int) -> None:  # noqa: ARG001  (its name is the scheduler's)
        await statement_pull.want(shop(), clock.now())

    @app.periodic(cron="*/5 * * * *")
    @app.task(name="suppliers.watch_balances", queue="shop", queueing_lock="suppliers.watch_balances")
    async def _watch_balances(timestamp: int) -> None:  # noqa: ARG001
        async with writing(shop().engine) as session:
            await runway.watch(session, clock.now(), shop().zone)
