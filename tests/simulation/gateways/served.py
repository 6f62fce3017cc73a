"""The simulated gateways on a free port of this machine, for tests that speak to them over HTTP.

    @pytest.fixture(scope="module")
    def world(tmp_path_factory):
        with served(tmp_path_factory.mktemp("gateways")) as world:
            yield world

Tests that use it need `@pytest.mark.enable_socket`. `world.state` is the gateways' State: pay with
`world.state.pay("wechat", out_trade_no)`, look into `world.state.book`, plan faults of answers with
`world.state.faults.plan(...)`, take notices from `world.state.deliveries` (held unless `held=False`).
"""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from mingsuan.settings import Settings
from simulation.gateways.app import create_app
from simulation.gateways.entries import FeeTerms, Method
from simulation.gateways.keys import environment, keys
from simulation.gateways.misbehaviour import Misbehaviour
from simulation.gateways.state import State

SHOP_URL = "http://shop.test"
STARTING_S = 10.0
_made_keys: dict[str, bytes] = {}  # making RSA keys costs a second; one set serves a session


@dataclass(frozen=True, slots=True)
class World:
    """The running gateways. `settings()` are the shop's settings for which these are its gateways."""

    state: State
    base_url: str
    environment: Mapping[str, str]

    def settings(self, **others: Any) -> Settings:
        named = {name.removeprefix("MINGSUAN_").lower(): value for name, value in self.environment.items()}
        return Settings(**{**named, **others})


@contextmanager
def served(
    folder: Path,
    *,
    shop_url: str = SHOP_URL,
    fees: Mapping[Method, FeeTerms] | None = None,
    misbehaviour: Misbehaviour | None = None,
    time_scale: float = 0.001,
    held: bool = True,
    hang_s: float = 1.0,
) -> Iterator[World]:
    """Book in memory, keys in `folder`; stopped at the end."""
    _provide_keys(folder)
    listening = socket.create_server(("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = create_app(
        folder,
        shop_url,
        base_url=base_url,
        in_memory=True,
        fees=fees,
        misbehaviour=misbehaviour,
        time_scale=time_scale,
        held=held,
    )
    state: State = app.state.gateways
    state.hang_s = hang_s
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="gateways")
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield World(state, base_url, environment(folder, base_url))
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def _provide_keys(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in _made_keys.items():
        (folder / name).write_bytes(content)
    keys(folder)
    _made_keys.update(
        {path.name: path.read_bytes() for path in folder.iterdir() if "_key" in path.name or path.suffix == ".pem"}
    )


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    waited = threading.Event()
    for _ in range(int(STARTING_S / 0.01)):
        if server.started or not thread.is_alive():
            break
        waited.wait(0.01)
    assert server.started, "the simulated gateways did not start"
