"""Two processes of the shop, killed at random, sell one SKU to buyers who ask until they are answered."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

ANSWERS = (201, 409)
PATIENCE_S = 900


class Workers:
    """Processes of the shop as a service starts them, each at its own port, which it keeps when it is started again."""

    def __init__(self, count: int, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = {**os.environ, **environment}
        self._folder = folder
        self._running: dict[int, subprocess.Popen[bytes]] = {port: self._start(port) for port in _free_ports(count)}
        self.kills = 0

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(f"http://127.0.0.1:{port}" for port in self._running)

    def kill_one(self, chance: random.Random) -> None:
        """SIGKILL, then a new process at the same port at once."""
        port = chance.choice(list(self._running))
        self._running[port].send_signal(signal.SIGKILL)
        self._running[port].wait()
        self._running[port] = self._start(port)
        self.kills += 1

    def _start(self, port: int) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "uvicorn", "--factory", "transactional.app:from_environment"]
        with (self._folder / f"{port}.log").open("ab") as log:
            return subprocess.Popen(
                [*command, "--port", str(port)], env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@dataclass
class Sale:
    """What the buyers were told: one answer for each key, and how often they had to ask again."""

    workers: Workers
    sku: str
    tokens: Sequence[str]
    chance: random.Random
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    repeats: int = 0

    @property
    def answered(self) -> int:
        return len(self.orders) + len(self.refusals)

    async def sell(self, attempts: int, kills: int) -> None:
        """So many more keys, and workers killed when a random number of them was answered."""
        keys = iter([f"attempt-{self.answered + number}" for number in range(attempts)])
        dooms = sorted(self.chance.sample(range(self.answered + 1, self.answered + attempts * 9 // 10), kills))
        limits = httpx.Limits(max_connections=2 * len(self.tokens))
        async with (
            asyncio.timeout(PATIENCE_S),
            httpx.AsyncClient(limits=limits, timeout=30) as client,
            asyncio.TaskGroup() as everybody,
        ):
            for token in self.tokens:
                everybody.create_task(self._buyer(client, token, keys, dooms))

    async def _buyer(self, client: httpx.AsyncClient, token: str, keys: Any, dooms: list[int]) -> None:
        for key in keys:
            answer = await self._ask_until_answered(client, token, key)
            if answer.status_code == 201:
                self.orders[key] = answer.json()
            else:
                self.refusals[key] = answer.json()["type"]
            while dooms and self.answered >= dooms[0]:
                dooms.pop(0)
                await asyncio.to_thread(self.workers.kill_one, self.chance)

    async def _ask_until_answered(self, client: httpx.AsyncClient, token: str, key: str) -> httpx.Response:
        body = {"sku_id": self.sku, "quantity": 1}
        headers = {
            "cookie": f"mingsuan_session={token}",
            "idempotency-key": key,
            "sec-fetch-site": "same-origin",
        }
        while True:
            address = self.chance.choice(self.workers.addresses)
            with suppress(httpx.TransportError):
                answer = await client.post(f"{address}/api/v1/orders", json=body, headers=headers)
                if answer.status_code in ANSWERS:
                    return answer
            self.repeats += 1
            await asyncio.sleep(0.05)

    async def stock_shown(self, slug: str) -> int:
        """What a shopper sees, asked of whichever worker answers."""
        async with asyncio.timeout(60), httpx.AsyncClient() as client:
            while True:
                with suppress(httpx.TransportError):
                    address = self.chance.choice(self.workers.addresses)
                    return int((await client.get(f"{address}/api/v1/products/{slug}")).json()["stock"])
                await asyncio.sleep(0.05)
