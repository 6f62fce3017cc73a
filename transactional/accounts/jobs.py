"""What the worker does: of accounts: what is kept of persons, and how long."""

from collections.abc import Callable

from procrastinate import App

from mingsuan import clock
from transactional.accounts import identity_checks, identity_queries
from transactional.db import writing
from transactional.shop import Shop


def register(app: App, shop: Callable[[], Shop]) -> None:
    """Adds the slice's tasks."""

    @app.periodic(cron="* * * * *")
    @app.task(name="accounts.ask_identity", queue="shop", queueing_lock="accounts.ask_identity")
    async def _ask_identity(timestamp: int) -> None:  # noqa: ARG001  (the scheduler's)
        await identity_checks.ask_due(shop())

    @app.periodic(cron="23 * * * *")
    @app.task(name="accounts.purge_identity", queue="shop", queueing_lock="accounts.purge_identity")
    async def _purge_identity(timestamp: int) -> None:  # noqa: ARG001
        await purge_identities(shop())


async def purge_identities(shop: Shop) -> int:
    """Names and numbers that were kept long enough, a batch a transaction; how many."""
    done = 0
    while True:
        async with writing(shop.engine) as session:
            batch = await identity_queries.purge(session, clock.now())
        done += batch
        if batch < identity_queries.AT_ONCE:
            return done
