"""Thieves who try stolen passwords from many addresses of loopback, and a shopper who logs in all the while."""

import asyncio
import random
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import httpx

SESSION = "/api/v1/session"
BROWSER_HEADERS = {"user-agent": "Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1", "sec-fetch-site": "same-origin"}
THIEVES_HEADERS = {"user-agent": "python-requests/2.32"}
PATIENCE_S = 60.0


def client_at(url: str, address: str, **headers: str) -> httpx.AsyncClient:
    """A client whose connections come from that address of loopback."""
    fresh = httpx.Limits(max_keepalive_connections=0)  # one that was kept may be closed while it is used again
    transport = httpx.AsyncHTTPTransport(local_address=address, limits=fresh)
    return httpx.AsyncClient(base_url=url, transport=transport, timeout=PATIENCE_S, headers=headers)


def loopback_addresses(count: int, chance: random.Random) -> list[str]:
    """Distinct ones, none of them 127.0.0.*, spread over networks."""
    found: set[str] = set()
    while len(found) < count:
        found.add(f"127.{chance.randrange(1, 255)}.{chance.randrange(256)}.{chance.randrange(1, 255)}")
    return sorted(found, key=lambda _: chance.random())


@dataclass
class Thieves:
    """`tries` wrong log-ins over `seconds`, address after address; every `target_every`th at the shopper's account."""

    url: str
    addresses: Sequence[str]
    target: str
    answers: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0

    async def try_all(self, tries: int, seconds: float, target_every: int) -> None:
        began, pause = time.perf_counter(), seconds / tries
        clients = [client_at(self.url, address, **THIEVES_HEADERS) for address in self.addresses]
        try:
            async with asyncio.TaskGroup() as all_of_them:
                for number in range(tries):
                    await asyncio.sleep(max(0.0, began + number * pause - time.perf_counter()))
                    who = self.target if number % target_every == 0 else f"stolen-{number}@example.com"
                    all_of_them.create_task(self._try(clients[number % len(clients)], who))
                self.seconds = time.perf_counter() - began
        finally:
            for client in clients:
                await client.aclose()

    async def _try(self, client: httpx.AsyncClient, who: str) -> None:
        answer = await client.post(SESSION, json={"identifier": who, "password": "stolen elsewhere"})
        self.answers[answer.status_code] += 1


@dataclass
class Shopper:
    """Logs in again and again: from the known device, and from new ones at the same address, by code when asked to."""

    url: str
    address: str
    identifier: str
    password: str
    read_code: Callable[[], Awaitable[str]]
    known: list[float] = field(default_factory=list)
    new: list[float] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    by_code: int = 0

    async def __aenter__(self) -> "Shopper":
        self._known = client_at(self.url, self.address, **BROWSER_HEADERS)
        await self._log_in(self._known)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._known.aclose()

    async def log_in_once(self) -> None:
        """From the known device and from one that was never seen."""
        self.known.append(await self._log_in(self._known))
        async with client_at(self.url, self.address, **BROWSER_HEADERS) as fresh:
            self.new.append(await self._log_in(fresh))

    async def until(self, done: asyncio.Event) -> None:
        while not done.is_set():
            await self.log_in_once()

    def forget_times(self) -> None:
        self.known, self.new = [], []

    async def _log_in(self, client: httpx.AsyncClient) -> float:
        began = time.perf_counter()
        answer = await client.post(SESSION, json={"identifier": self.identifier, "password": self.password})
        if answer.status_code == 403:
            answer = await self._log_in_by_code(client)
        if answer.status_code != 201:
            self.refusals.append(answer.text)
        return time.perf_counter() - began

    async def _log_in_by_code(self, client: httpx.AsyncClient) -> httpx.Response:
        self.by_code += 1
        asked = await client.post("/api/v1/codes", json={"purpose": "log_in", "identifier": self.identifier})
        if asked.status_code != 202:
            return asked
        given = {"identifier": self.identifier, "flow": asked.json()["flow"], "code": await self.read_code()}
        return await client.post(SESSION, json=given)


def p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]
