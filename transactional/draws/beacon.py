"""Asking a beacon's relays for rounds; no word of theirs is believed before its signature is checked here.

What rounds are used for, and where they are kept, is told elsewhere.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from mingsuan import clock
from mingsuan.settings import Settings
from transactional.draws.chains import CHAINS, QUICKNET, TEST, BadRoundError, Chain
from transactional.outcomes import UnknownOutcomeError

PATIENCE_S = 5.0
MOST_BYTES = 4096
"""A round is some 300 bytes: a relay that sends more sends something else."""
CHAINS_BY_SETTING = {"test": TEST, "quicknet": QUICKNET}
QUICKNET_RELAYS = (
    "https://api.drand.sh",
    "https://api2.drand.sh",
    "https://api3.drand.sh",
    "https://drand.cloudflare.com",
)
"""Run by different hands. See docs.drand.love/dev-guide."""


@dataclass(frozen=True, slots=True)
class Round:
    """A round that its chain signed, and the relay that told it."""

    number: int
    signature: bytes
    relay: str


class BeaconSilentError(UnknownOutcomeError):
    """No relay told a round that its chain signed; the reason says what each did instead."""


class Beacon:
    """One pinned chain over several relays that speak drand's HTTP API, version 1. A call ends in `patience_s`."""

    def __init__(
        self,
        chain: Chain,
        relays: Sequence[str],
        patience_s: float = PATIENCE_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.chain, self.relays, self._patience_s = chain, tuple(url.rstrip("/") for url in relays), patience_s
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._asking: dict[int, asyncio.Task[Round | None]] = {}

    def __repr__(self) -> str:
        return f"Beacon({self.chain.name}, {len(self.relays)} relays)"

    async def round(self, number: int) -> Round:
        """One round, from whichever relay tells it first. Raises BeaconSilentError."""
        silent = []
        async with contextlib.aclosing(self._told(str(number), number)) as answers:
            async for told in answers:
                if isinstance(told, Round):
                    return told
                silent.append(told)
        raise BeaconSilentError("; ".join(silent) or "there is no relay")

    async def together(self, number: int, ask: Callable[[], Coroutine[Any, Any, Round | None]]) -> Round | None:
        """What the first to ask for a round gets, for all in this process who ask for it meanwhile."""
        task = self._asking.get(number)
        if task is None:
            task = self._asking[number] = asyncio.create_task(ask())
            task.add_done_callback(lambda _: self._asking.pop(number, None))
        return await asyncio.shield(task)

    async def latest(self) -> Round:
        """The newest round that any relay tells, none from the future. Raises BeaconSilentError.

        A relay that lags does no harm beside one that does not.
        """
        now = self.chain.pace.round_at(int(clock.now().timestamp()))
        newest: Round | None = None
        silent = []
        async with contextlib.aclosing(self._told("latest", None)) as answers:
            async for told in answers:
                if isinstance(told, str):
                    silent.append(told)
                elif newest is None or told.number > newest.number:
                    newest = told
                if newest and newest.number >= now:
                    break
        if newest is None:
            raise BeaconSilentError("; ".join(silent) or "there is no relay")
        return newest

    async def aclose(self) -> None:
        """Ends its connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _told(self, which: str, number: int | None) -> AsyncGenerator[Round | str]:
        """What all relays say, asked at once, as it arrives; whoever is not waited for any more is hung up on."""
        tasks = [asyncio.create_task(self._ask(relay, which, number)) for relay in self.relays]
        try:
            pending = set(tasks)
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, relay: str, which: str, number: int | None) -> Round | str:
        """A round of the chain, or in words why there is none."""
        try:
            async with asyncio.timeout(self._patience_s):
                told = _loaded(await self._body(f"{relay}/{self.chain.hash}/public/{which}"))
            self.chain.check(told[0], told[1])
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:  # BadRoundError is a ValueError
            return f"{relay}: {error if isinstance(error, ValueError) else type(error).__name__}"
        if number is not None and told[0] != number:
            return f"{relay}: asked for round {number}, it told {told[0]}"
        if self.chain.pace.time_of(told[0]) > clock.now().timestamp() + self.chain.pace.period:
            return f"{relay}: round {told[0]} is not due yet"
        return Round(told[0], told[1], relay)

    async def _body(self, url: str) -> bytes:
        content = b""
        if self._client is None:  # most processes never ask
            self._client = httpx.AsyncClient(
                timeout=self._patience_s, follow_redirects=False, transport=self._transport
            )
        async with self._client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
            if response.status_code != httpx.codes.OK:
                raise BadRoundError(f"answered {response.status_code}")
            async for part in response.aiter_raw():  # what is packed, too, is no more than was counted
                content += part
                if len(content) > MOST_BYTES:
                    raise BadRoundError("sent more than a round")
        return content


def _loaded(content: bytes) -> tuple[int, bytes]:
    """Number and signature. Raises BadRoundError."""
    try:
        told = json.loads(content)
        number, signature = told["round"], bytes.fromhex(told["signature"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadRoundError("did not tell a round") from None
    if type(number) is not int or not 0 < number < 1 << 53:
        raise BadRoundError("did not tell a round")
    return number, signature


def chain_of(settings: Settings) -> Chain:
    """The chain that new draws are bound to."""
    return CHAINS_BY_SETTING[settings.draw_chain]


def beacons(settings: Settings) -> Mapping[str, Beacon]:
    """Every pinned chain's, by its hash: a draw keeps the chain that it was opened with.

    The settings' relays are those of the settings' chain.
    """
    relays = {QUICKNET.hash: QUICKNET_RELAYS, TEST.hash: (f"http://127.0.0.1:{settings.simulated_beacon_port}",)}
    named = tuple(url.strip() for url in settings.draw_relays.split(",") if url.strip())
    relays |= {chain_of(settings).hash: named} if named else {}
    return {chain_hash: Beacon(chain, relays[chain_hash]) for chain_hash, chain in CHAINS.items()}
