"""One web application for simulated suppliers: each account under its name, speaking its protocol."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from importlib import import_module
from pathlib import Path

from fastapi import FastAPI

from mingsuan import clock
from simulation.suppliers.account import Account
from simulation.suppliers.rounds import Rounds
from simulation.suppliers.spec import AccountSpec

DEFAULT_PORT = 8910
PROTOCOLS = {
    "fulu": "simulation.suppliers.fulu",
    "hmac_card": "simulation.suppliers.hmac_card",
    "reloadly": "simulation.suppliers.reloadly",
}
"""Modules with `router(account) -> APIRouter`, which also gives the account its announcer."""


def create_app(
    specs: Sequence[AccountSpec],
    *,
    base_url: str = f"http://127.0.0.1:{DEFAULT_PORT}",
    folder: Path | None = None,
    time_scale: float = 1.0,
    held: bool = False,
    keeps_days: bool = False,
    now: Callable[[], datetime] = clock.now,
) -> FastAPI:
    """`app.state.accounts` are the accounts by name; their books lie in `folder`, or in memory without one.

    `held`: orders end and callbacks go out only by hand. `keeps_days`: a day's statement goes out when it has ended.
    Times of the suppliers are multiplied by `time_scale`.
    """
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    accounts = {
        spec.name: Account(spec, base_url=base_url, folder=folder, time_scale=time_scale, held=held, now=now)
        for spec in specs
    }

    _share_purses(accounts.values())
    rounds = Rounds(accounts.values())

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        for account in accounts.values():
            await account.outbox.open()
            account.advance()
        if keeps_days:
            rounds.start()
        yield
        rounds.stop()
        for account in accounts.values():
            await account.outbox.aclose()
            account.close()

    app = FastAPI(title="Simulated suppliers: nothing is really sold here", lifespan=running)
    app.state.accounts = accounts
    for account in accounts.values():
        protocol = import_module(PROTOCOLS[account.spec.protocol])
        app.include_router(protocol.router(account), prefix=f"/{account.name}", include_in_schema=False)
    return app


def _share_purses(accounts: Collection[Account]) -> None:
    purses: dict[str, list[Account]] = {}
    for account in accounts:
        if account.spec.purse:
            purses.setdefault(account.spec.purse, []).append(account)
    for sharing in purses.values():
        for account in sharing:
            account.book.purse = tuple(each.book for each in sharing)
