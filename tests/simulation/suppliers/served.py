"""Simulated suppliers on a free port of this machine, for tests that speak to them over HTTP.

    with served([spec]) as world:
        account = world.accounts["fulu-a"]

Tests that use it need `@pytest.mark.enable_socket`. An account's `book` is the judge of what was bought; `misbehaviour`
takes plans of faults; callbacks lie in `outbox` (sent by themselves only with `held=False`).
"""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import uvicorn

from mingsuan import clock
from simulation.suppliers.account import Account
from simulation.suppliers.app import create_app
from simulation.suppliers.spec import AccountSpec

STARTING_S = 10.0


@dataclass(frozen=True, slots=True)
class World:
    """The running suppliers, by the name of the account."""

    accounts: Mapping[str, Account]
    base_url: str

    def url(self, name: str) -> str:
        """What a channel of the account has as its address."""
        return f"{self.base_url}/{name}"


@contextmanager
def served(
    specs: Sequence[AccountSpec],
    *,
    folder: Path | None = None,
    time_scale: float = 1.0,
    held: bool = True,
    now: Callable[[], datetime] = clock.now,
) -> Iterator[World]:
    """Books in memory unless there is a `folder`; stopped at the end."""
    listening = socket.create_server(("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = create_app(specs, base_url=base_url, folder=folder, time_scale=time_scale, held=held, now=now)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="suppliers")
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield World(app.state.accounts, base_url)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    waited = threading.Event()
    for _ in range(int(STARTING_S / 0.01)):
        if server.started or not thread.is_alive():
            break
        waited.wait(0.01)
    assert server.started, "the simulated suppliers did not start"
