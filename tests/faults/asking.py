"""Clients of a shop that dies under them: each command goes out under one key until it is answered, and is kept."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

AGAIN_AFTER_S = 0.05
STAYS = ("id",)
"""What of an answer about a payment stays: the rest tells how it stands now."""


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who is logged in."""

    name: str
    cookie: str
    customer_id: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A command and its first answer."""

    who: Who
    path: str
    body: Mapping[str, Any]
    key: str
    status: int
    answer: Any

    @property
    def said_yes(self) -> bool:
        return 200 <= self.status < 300


@dataclass(slots=True)
class Asking:
    """`body` goes to httpx as it is: `json`, or `data` and `files`. `cut_off` counts requests whose answer was lost."""

    client: httpx.AsyncClient
    chance: random.Random
    told: list[Told] = field(default_factory=list)
    cut_off: int = 0
    errors: list[str] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)

    async def command(self, who: Who, path: str, **body: Any) -> Told:
        """Asks until the shop says yes or no."""
        key = uuid.UUID(int=self.chance.getrandbits(128)).hex
        answer = await self._answered("POST", who, path, key, body)
        told = Told(who, path, body, key, answer.status_code, answer.json())
        self.told.append(told)
        if not told.said_yes:
            self.refusals[f"{told.answer.get('type')} {'/'.join(path.split('/')[:3])}"] += 1
        return told

    async def read(self, who: Who, path: str) -> Any:
        answer = await self._answered("GET", who, path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def repeated(self, told: Told) -> tuple[int, Any]:
        """What the same command is answered under its key now."""
        answer = await self._answered("POST", told.who, told.path, told.key, told.body)
        return answer.status_code, answer.json()

    async def _answered(
        self, method: str, who: Who, path: str, key: str = "", body: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        headers = {"cookie": who.cookie, "sec-fetch-site": "same-origin", "idempotency-key": key or "-"}
        while True:
            with suppress(httpx.TransportError):
                answer = await self.client.request(method, f"/api/v1{path}", headers=headers, **body or {})
                if answer.status_code < 500:
                    return answer
                self.errors.append(f"{method} {path}: {answer.status_code} {answer.text}")
            self.cut_off += 1
            await asyncio.sleep(AGAIN_AFTER_S)


def same(told: Told, again: tuple[int, Any]) -> bool:
    """Whether a repetition got the first answer."""
    status, answer = again
    if told.path.endswith("/payments"):
        return status == told.status and all(answer[name] == told.answer[name] for name in STAYS)
    return (status, answer) == (told.status, told.answer)
