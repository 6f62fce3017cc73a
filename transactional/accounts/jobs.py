"""What the worker does of accounts: what is kept of persons and of their tries to come in, and how long."""

from collections.abc import Callable
from datetime import timedelta

from procrastinate import App

from mingsuan import clock
from transactional.accounts.entry import rate_limits
from transactional.accounts.persons import identity_checks, identity_queries
from transactional.db import writing
from transactional.shop import Shop

CLOCKS_DIFFER = timedelta(hours=1)


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

    @app.periodic(cron="41 * * * *")
    @app.task(name="accounts.forget_allowances", queue="shop", queueing_lock="accounts.forget_allowances")
    async def _forget_allowances(timestamp: int) -> None:  # noqa: ARG001
        await forget_allowances(shop())


async def forget_allowances(shop: Shop) -> int:
    """Allowances that are whole again, a batch a transaction; how many. Clocks may differ by CLOCKS_DIFFER."""
    done = 0
    while True:
        async with writing(shop.engine) as session:
            batch = await rate_limits.forget_whole(session, clock.now() - CLOCKS_DIFFER)
        done += batch
        if batch < rate_limits.AT_ONCE:
            return done


async def purge_identities(shop: Shop) -> int:
    """Names and numbers that were kept long enough, a batch a transaction; how many."""
    done = 0
    while True:
        async with writing(shop.engine) as session:
            batch = await identity_queries.purge(session, clock.now())
        done += batch
        if batch < identity_queries.AT_ONCE:
            return done
