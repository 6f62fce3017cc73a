"""Thieves who try stolen passwords from many addresses of loopback, and a shopper who logs in all the while."""

import asyncio
import json
import random
import ssl
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import httpx

SESSION = "/api/v1/session"
BROWSER_HEADERS = {"user-agent": "Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1", "sec-fetch-site": "same-origin"}
PATIENCE_S = 60.0
UNANSWERED = 0
EVERY_S = 0.2


PLAIN = ssl.create_default_context()
"""One for all clients: nothing here is encrypted, and making one takes longer than a request."""


def client_at(url: str, address: str, **headers: str) -> httpx.AsyncClient:
    """A client whose connections come from that address of loopback."""
    fresh = httpx.Limits(max_keepalive_connections=0)  # one that was kept may be closed while it is used again
    transport = httpx.AsyncHTTPTransport(verify=PLAIN, local_address=address, limits=fresh)
    return httpx.AsyncClient(base_url=url, transport=transport, timeout=PATIENCE_S, headers=headers)


async def post_from(address: str, url: httpx.URL, content: dict[str, str]) -> int:
    """The status of one POST over a connection of its own; as cheap as can be, since the shop has the same cores."""
    body = json.dumps(content).encode()
    head = (
        f"POST {url.path} HTTP/1.1\r\nhost: {url.host}:{url.port}\r\nuser-agent: python-requests/2.32\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(url.host, url.port, local_addr=(address, 0))
        try:
            writer.write(head.encode() + body)
            answer = await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()
    return int(answer.split(b" ", 2)[1])


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
    waits: list[float] = field(default_factory=list)
    seconds: float = 0.0

    async def try_all(self, tries: int, seconds: float, target_every: int) -> None:
        began, pause = time.perf_counter(), seconds / tries
        async with asyncio.TaskGroup() as all_of_them:
            for number in range(tries):
                await asyncio.sleep(max(0.0, began + number * pause - time.perf_counter()))
                who = self.target if number % target_every == 0 else f"stolen-{number}@example.com"
                all_of_them.create_task(self._try(self.addresses[number % len(self.addresses)], who))
            self.seconds = time.perf_counter() - began

    async def _try(self, address: str, who: str) -> None:
        began, stolen = time.perf_counter(), {"identifier": who, "password": "stolen elsewhere"}
        try:
            status = await post_from(address, httpx.URL(self.url + SESSION), stolen)
        except TimeoutError:
            status = UNANSWERED
        self.answers[status] += 1
        self.waits.append(time.perf_counter() - began)


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


@dataclass
class Reader:
    """Somebody who looks at a page of the shop again and again, logged in nowhere."""

    url: str
    page: str
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    async def look_once(self) -> None:
        async with client_at(self.url, "127.0.0.1", **BROWSER_HEADERS) as client:
            began = time.perf_counter()
            self.statuses[(await client.get(self.page)).status_code] += 1
            self.seconds.append(time.perf_counter() - began)

    async def until(self, done: asyncio.Event) -> None:
        while not done.is_set():
            await self.look_once()
            await asyncio.sleep(EVERY_S)


def p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]
