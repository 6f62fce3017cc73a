"""Buyers in a process of their own: each keeps one connection and asks again as soon as the answer is there.

`python -m benchmarks.intake.buyers PLAN` prints one JSON object. No HTTP library: the buyers share the machine with the
shop, so what they cost counts against it.
"""

import asyncio
import json
import random
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any, cast

HEAD = (
    "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\ncontent-type: application/json\r\n"
    "sec-fetch-site: same-origin\r\ncookie: mingsuan_session={token}\r\nidempotency-key: {key}\r\n"
    "content-length: {length}\r\n\r\n{body}"
)
LENGTH = b"content-length: "


class Buyer(asyncio.Protocol):
    """One connection; its customers take turns, so that nobody has two orders under way."""

    def __init__(self, number: int, plan: dict[str, Any], tally: "Tally") -> None:
        self._tally = tally
        self._tokens = plan["tokens"][number :: plan["buyers"]]
        self._asks = [(path, json.dumps(body)) for path, body in plan["asks"]]
        self._random = random.Random(number)  # noqa: S311
        self._name = f"{time.time_ns():x}-{number}"
        self._asked = 0
        self._buffer = b""
        self._sent = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._order()

    def _order(self) -> None:
        path, body = self._random.choice(self._asks)
        token = self._tokens[self._asked % len(self._tokens)]
        key = f"{self._name}-{self._asked}"
        self._asked += 1
        self._sent = time.perf_counter()
        self._transport.write(HEAD.format(path=path, token=token, key=key, length=len(body), body=body).encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.index(LENGTH) + len(LENGTH)
        if len(rest) < int(head[at:].split(b"\r\n", 1)[0]):
            return
        self._buffer = b""
        now = time.perf_counter()
        if self._tally.add(int(head[9:12]), rest, self._sent, now):
            self._order()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tally.left(exc)


class Tally:
    """Orders answered within the time, and how long each took."""

    def __init__(self, buyers: int, seconds: float) -> None:
        self._here = buyers
        self.began = time.perf_counter()
        self._ends = self.began + seconds
        self.latencies: list[float] = []
        self.refusals: dict[str, int] = {}
        self.done = asyncio.get_running_loop().create_future()

    def add(self, status: int, body: bytes, sent: float, now: float) -> bool:
        """Whether to go on."""
        if status != 201:
            reason = f"{status} {json.loads(body).get('type', '')}"
            self.refusals[reason] = self.refusals.get(reason, 0) + 1
        elif now <= self._ends:
            self.latencies.append(now - sent)
        return now < self._ends

    def left(self, error: Exception | None) -> None:
        if error is not None:
            self.refusals["connection lost"] = self.refusals.get("connection lost", 0) + 1
        self._here -= 1
        if self._here == 0:
            self.done.set_result(None)


async def buy(plan: dict[str, Any]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    tally = Tally(plan["buyers"], plan["seconds"])
    for number in range(plan["buyers"]):
        await loop.create_connection(partial(Buyer, number, plan, tally), "127.0.0.1", plan["port"])
    await tally.done
    return {"latencies": sorted(tally.latencies), "refusals": tally.refusals, "cpu_s": time.process_time()}


if __name__ == "__main__":
    import uvloop

    print(json.dumps(uvloop.run(buy(json.loads(Path(sys.argv[1]).read_text())))))
