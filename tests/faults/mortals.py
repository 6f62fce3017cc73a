"""One process of the shop and its worker, which are killed without warning and started again at once."""

import asyncio
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import httpx

UP_WITHIN_S = 60.0
VICTIMS: tuple[tuple[str, ...], ...] = (("shop",), ("worker",), ("shop", "worker"))


@dataclass(frozen=True, slots=True)
class Program:
    """How a process is started, and the port at which it says that it is up."""

    argv: Sequence[str]
    port: int


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class Mortals:
    """Both processes, while the block runs; `kills` counts the SIGKILLs by whom they struck."""

    def __init__(self, shop_port: int, worker_port: int, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = {**environment, "MINGSUAN_WORKER_PORT": str(worker_port)}
        self._folder = folder
        self._programs = {
            "shop": Program(
                ["uvicorn", "--factory", "transactional.app:from_environment", "--port", str(shop_port)], shop_port
            ),
            "worker": Program(["mingsuan", "worker"], worker_port),
        }
        self._pids: dict[str, int] = {}
        self.kills: Counter[str] = Counter()

    def __enter__(self) -> "Mortals":
        self._mother = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.mother"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        for name in self._programs:
            self._start(name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._mother.communicate()  # closes its input: it ends, and its children with it
        assert self._mother.returncode == -signal.SIGKILL

    async def up(self, *names: str) -> None:
        """Waits until these (all, when none is named) answer."""
        async with asyncio.timeout(UP_WITHIN_S), httpx.AsyncClient(timeout=2) as client:
            for name in names or tuple(self._programs):
                while not await self._answers(client, name):
                    await asyncio.sleep(0.02)

    async def _answers(self, client: httpx.AsyncClient, name: str) -> bool:
        with suppress(httpx.TransportError):
            address = f"http://127.0.0.1:{self._programs[name].port}/healthz"
            return (await client.get(address)).status_code == 200
        return False

    async def decimate(self, kills: int, chance: random.Random) -> None:
        """So many times: shop, worker or both are killed within a second of being up, at any point of their work."""
        for _ in range(kills):
            victims = chance.choices(VICTIMS, weights=(2, 2, 1))[0]
            await self.up(*victims)
            await asyncio.sleep(chance.uniform(0, 1))
            await asyncio.to_thread(self._kill, victims)
            self.kills[" and ".join(victims)] += 1

    def _kill(self, victims: Sequence[str]) -> None:
        dying = [os.pidfd_open(self._pids[name]) for name in victims]
        for process in dying:
            signal.pidfd_send_signal(process, signal.SIGKILL)
        for name, process in zip(victims, dying, strict=True):
            select.select([process], [], [])  # until it is dead
            os.close(process)
            self._start(name)

    def _start(self, name: str) -> None:
        asked = {
            "argv": list(self._programs[name].argv),
            "log": str(self._folder / f"{name}.log"),
            "environment": self._environment,
        }
        assert self._mother.stdin
        assert self._mother.stdout
        self._mother.stdin.write(json.dumps(asked) + "\n")
        self._mother.stdin.flush()
        self._pids[name] = int(self._mother.stdout.readline())
