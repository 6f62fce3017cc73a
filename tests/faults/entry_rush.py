"""Buyers of entries over HTTP at two processes of the shop: some reserve first, some of those never come back."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

COUNTS = (1, 1, 2, 3, 5, 12, 24, 60)
FULL = "/problems/draw-full"
PATIENCE_S = 1800


@dataclass
class Rush:
    """What the buyers were told. `refused` counts by kind of problem; `repeated` are answers to a key sent again."""

    addresses: Sequence[str]
    draw: str
    tokens: Sequence[str]
    chance: random.Random
    given: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    holds_left: int = 0
    repeated: int = 0

    async def run(self, *, forgetful: bool) -> None:
        """Until every buyer was told that nothing is left; `forgetful` ones do not come back to what they reserved."""
        limits = httpx.Limits(max_connections=2 * len(self.tokens))
        async with (
            asyncio.timeout(PATIENCE_S),
            httpx.AsyncClient(limits=limits, timeout=60) as client,
            asyncio.TaskGroup() as everybody,
        ):
            for number, token in enumerate(self.tokens):
                keys = (f"{forgetful}-{number}-{turn}" for turn in itertools.count())
                everybody.create_task(self._buyer(client, token, keys, forgetful))

    async def _buyer(self, client: httpx.AsyncClient, token: str, keys: Iterator[str], forgetful: bool) -> None:
        while True:
            count = self.chance.choice(COUNTS)
            hold = await self._hold(client, token, next(keys), count) if self.chance.random() < 0.1 else None
            if forgetful and hold is not None and self.chance.random() < 0.3:
                self.holds_left += 1  # forgotten: its room comes back to others by time alone
                continue
            answer = await self._enter(client, token, next(keys), count, hold)
            if answer == FULL and await self._enter(client, token, next(keys), 1, None) == FULL:
                return

    async def _hold(self, client: httpx.AsyncClient, token: str, key: str, count: int) -> str | None:
        answer = await self._post(client, token, key, "holds", {"count": count})
        return str(answer.json()["id"]) if answer.status_code == 201 else None

    async def _enter(self, client: httpx.AsyncClient, token: str, key: str, count: int, hold: str | None) -> str:
        body = {"count": count, "pay": "wallet", "hold_id": hold}
        answer = await self._post(client, token, key, "entries", body)
        if answer.status_code != 201:
            kind = str(answer.json()["type"])
            self.refused[kind] += 1
            return kind
        self.given[f"{token}/{key}"] = answer.json()
        if self.chance.random() < 0.02:
            again = await self._post(client, token, key, "entries", body)
            assert (again.status_code, again.json()) == (201, answer.json()), again.text
            self.repeated += 1
        return "given"

    async def _post(
        self, client: httpx.AsyncClient, token: str, key: str, what: str, body: dict[str, Any]
    ) -> httpx.Response:
        headers = {"cookie": f"mingsuan_session={token}", "idempotency-key": key, "sec-fetch-site": "same-origin"}
        while True:
            address = self.chance.choice(self.addresses)
            with suppress(httpx.TransportError):  # it is not up yet
                return await client.post(f"{address}/api/v1/draws/{self.draw}/{what}", json=body, headers=headers)
            await asyncio.sleep(0.05)
