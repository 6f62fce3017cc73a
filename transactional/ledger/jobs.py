"""What the worker does for the ledger: it seals, each minute."""

from collections.abc import Callable

from procrastinate import App

from transactional.ledger import seals
from transactional.ledger.heads_file import heads_file
from transactional.shop import Shop


def register(app: App, shop: Callable[[], Shop]) -> None:
    """Adds the ledger's tasks. `ledger.seal` raises SealBrokenError or HeadsError when the past does not add up."""

    @app.periodic(cron="* * * * *")
    @app.task(name="ledger.seal", queue="shop", queueing_lock="ledger.seal", lock="ledger.seal")
    async def seal(timestamp: int) -> None:  # noqa: ARG001  (the scheduler passes it by this name)
        running = shop()
        await seals.seal(running.engine, heads_file(running.settings))
