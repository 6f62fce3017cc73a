"""A simulated randomness beacon: drand's HTTP API, version 1, over the test chain whose secret key anybody knows.

`python -m simulation.beacon`. Its relays misbehave on plan. What it tells is not random: it decides nothing of value.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pyblst
import typer
import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse

from mingsuan import clock
from transactional.draws.chains import TAG, TEST

DEFAULT_PORT = 8092
GROUP_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
SECRET = int.from_bytes(hashlib.sha256(b"mingsuan/test-beacon/v1").digest()) % GROUP_ORDER
FORKED = int.from_bytes(hashlib.sha256(b"mingsuan/test-beacon/forked").digest()) % GROUP_ORDER
SLOW_S = 30.0
FAR_AHEAD = 3600
Fault = Literal["lies", "other_round", "lags", "forks", "future", "malleates", "slow", "dies", "garbage", "floods"]


def signature(number: int, secret: int = SECRET) -> bytes:
    """Of a round of the test chain; anybody can compute it, before its time too."""
    message = hashlib.sha256(number.to_bytes(8)).digest()
    return bytes(pyblst.BlstP1Element.hash_to_group(message, TAG).scalar_mul(secret).compress())


@dataclass(slots=True)
class Relay:
    """One relay and what is wrong with it; `lag` is by how many rounds it is behind when it lags."""

    fault: Fault | None = None
    lag: int = 100
    now: Callable[[], float] = field(default=lambda: clock.now().timestamp())
    asked: int = 0

    def newest(self) -> int:
        """Of the rounds that it shows."""
        number = TEST.pace.round_at(int(self.now()))
        return max(1, number - self.lag) if self.fault == "lags" else number

    def round(self, number: int) -> dict[str, Any]:
        """As drand tells it, or as a liar does."""
        made = signature(number, FORKED if self.fault == "forks" else SECRET)
        if self.fault == "lies":
            made = signature(number + 1)
        if self.fault == "malleates":
            made = made[:-1] + bytes([made[-1] ^ 1])
        told = number + 1 if self.fault == "other_round" else number
        signed = signature(told) if self.fault == "other_round" else made
        return {"round": told, "randomness": hashlib.sha256(signed).hexdigest(), "signature": signed.hex()}


def create_app(relay: Relay) -> FastAPI:
    """One relay of the test chain."""
    app = FastAPI(title="Simulated beacon: its rounds are known before their time")

    @app.get("/{chain}/info")
    async def info(chain: str) -> Response:
        if chain != TEST.hash:
            return JSONResponse({"error": "unknown chain"}, 404)
        pace = TEST.pace
        about = {"public_key": TEST.public_key.hex(), "period": pace.period, "genesis_time": pace.genesis}
        return JSONResponse({**about, "hash": TEST.hash, "schemeID": "bls-unchained-g1-rfc9380"})

    @app.get("/{chain}/public/{which}")
    async def public(chain: str, which: str) -> Response:
        relay.asked += 1
        if relay.fault == "slow":
            await asyncio.sleep(SLOW_S)
        if relay.fault == "dies":
            return Response("bad gateway", 502)
        if relay.fault == "garbage":
            return Response('{"round": "1", "signature": 7}', media_type="application/json")
        if relay.fault == "floods":
            return Response(b" " * 1_000_000, media_type="application/json")
        if chain != TEST.hash or not (which == "latest" or (which.isascii() and which.isdigit())):
            return JSONResponse({"error": "unknown chain or round"}, 404)
        newest = relay.newest()
        number = newest if which == "latest" else int(which)
        if relay.fault == "future":
            number += FAR_AHEAD if which == "latest" else 0
        elif not 0 < number <= newest:
            return JSONResponse({"error": "Could not get a round that is not there yet"}, 425)
        return JSONResponse(relay.round(number))

    return app


def main(
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option()] = DEFAULT_PORT,
    fault: Annotated[str, typer.Option(help="What is wrong with it; nothing by default")] = "",
) -> None:
    """A relay of the test beacon. Its key is public: whoever asks could have computed the answer."""
    faults: dict[str, Fault] = {name: name for name in Fault.__args__}  # type: ignore[attr-defined]
    relay = Relay(faults[fault] if fault else None)
    uvicorn.run(create_app(relay), host=host, port=port, log_level="warning")


if __name__ == "__main__":
    typer.run(main)
