"""The sealer as the worker runs it."""

import pytest
from procrastinate import App
from procrastinate.testing import InMemoryConnector

from tests.other_databases import wait_for_other_databases
from tests.transactional.ledger.selling import Selling
from transactional.ledger import jobs

pytestmark = pytest.mark.anyio


async def test_the_worker_seals_each_minute_and_again_is_nothing(selling: Selling) -> None:
    await selling.sell("li")
    wait_for_other_databases(selling.urls)
    app = App(connector=InMemoryConnector())
    jobs.register(app, lambda: selling.stocked.shop)
    [periodic] = app.periodic_registry.periodic_tasks.values()
    assert (periodic.task.name, periodic.cron) == ("ledger.seal", "* * * * *")
    for timestamp in (0, 60):
        await app.tasks["ledger.seal"](timestamp)
    assert selling.as_superuser("select seal_no from shop.ledger_seal") == [(1,)]
    assert await selling.found() == []
