"""Sends a simulated supplier's callbacks by HTTP, again until the shop accepts. What they say is the protocols'."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import httpx

from simulation.suppliers.misbehaviour import Misbehaviour

LOG = logging.getLogger(__name__)
PATIENCE_S = 10.0
RETRIES_S = (10.0, 10.0, 10.0)
COPIES = 3

Tampering = Literal["none", "bad_signature", "stale"]


@dataclass(frozen=True, slots=True)
class Message:
    """A callback as it goes over the wire."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A callback to be delivered, written afresh for every try. `retries_s` is the protocol's own schedule."""

    name: str
    url: str
    write: Callable[[Tampering], Message]
    accepted: Callable[[httpx.Response], bool]
    retries_s: tuple[float, ...] = RETRIES_S


@dataclass(frozen=True, slots=True)
class Sent:
    """One try and what came of it; `status` is None when the shop could not be reached."""

    name: str
    tampering: Tampering
    status: int | None
    accepted: bool


class Outbox:
    """Works in the event loop that `open` is called in; anything may `post` from any thread.

    `letters` keeps all that was ever written, sent or not; `held` ones go out only when a test sends them.
    """

    def __init__(self, misbehaviour: Misbehaviour, *, time_scale: float = 1.0, held: bool = False) -> None:
        self.misbehaviour, self.time_scale, self.held = misbehaviour, time_scale, held
        self.letters: dict[str, Letter] = {}
        self.sent: list[Sent] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx.AsyncClient | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._client = httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False)

    async def aclose(self) -> None:
        """What is still due is never sent."""
        self._loop = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def post(self, letter: Letter) -> None:
        """Deliver as the misbehaviour says; at once and until accepted when it says nothing."""
        self.letters[letter.name] = letter
        if self.held or not letter.url or self._loop is None:
            return
        if not self.misbehaviour.strikes("lost_callback", letter.name):
            self._loop.call_soon_threadsafe(self._begin, letter)

    def later(self, delay_s: float, work: Callable[[], None]) -> None:
        """Does something once, so many (unscaled) seconds from now, while this is open."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(lambda: loop.call_later(delay_s * self.time_scale, work))

    def message(self, name: str, tampering: Tampering = "none") -> Message:
        """The callback as it would go over the wire, for a test that carries it there itself."""
        return self.letters[name].write(tampering)

    async def send(self, letter: Letter, tampering: Tampering = "none") -> Sent:
        """One try, now."""
        self.letters[letter.name] = letter
        message = letter.write(tampering)
        try:
            if self._client is None:
                raise httpx.ConnectError("the supplier does not run")
            answer = await self._client.post(letter.url, headers=dict(message.headers), content=message.body)
            sent = Sent(letter.name, tampering, answer.status_code, letter.accepted(answer))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            LOG.info("callback %s did not reach the shop: %s", letter.name, error)
            sent = Sent(letter.name, tampering, None, accepted=False)
        self.sent.append(sent)
        return sent

    def _begin(self, letter: Letter) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(letter))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, letter: Letter) -> None:
        if self.misbehaviour.strikes("forged_callback", letter.name):
            await self.send(letter, "bad_signature")
        copies = COPIES if self.misbehaviour.strikes("repeated_callback", letter.name) else 1
        for _ in range(copies):
            sent = await self.send(letter)
        for pause in letter.retries_s:
            if sent.accepted:
                return
            await asyncio.sleep(pause * self.time_scale)
            sent = await self.send(letter)
