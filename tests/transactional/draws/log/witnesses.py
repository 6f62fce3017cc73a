"""Simulated witnesses on ports of their own, and a log that knows them."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from simulation.witness import Witness, create_app
from tests.transactional.draws.log.draws_in_rows import SECOND
from transactional.draws.log import keeper as keepers
from transactional.draws.log import service as log
from transactional.draws.log.keeper import Keeper
from transactional.draws.log.notes import LOG, Verifier

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = "shop.example/log"
OWN = Verifier(ORIGIN, LOG, KEY.public_key().public_bytes_raw())


def keeper_in(folder: Path, *witnesses: keepers.Witness) -> Keeper:
    """A log in a folder, as a new process knows it."""
    return Keeper(KEY, folder / "log", ORIGIN, witnesses)


async def run(source: AsyncEngine, keeper: Keeper, second: int = SECOND) -> log.Placed:
    """One run of the sequencer at a second."""
    with clock.at(datetime.fromtimestamp(second, UTC)):
        return await log.sequence(source, keeper)


def witness_in(folder: Path, number: int = 1) -> Witness:
    return Witness(folder / f"witness {number}", (OWN,), f"witness.example/{number}", now=lambda: SECOND)


@contextlib.asynccontextmanager
async def serving(*witnesses: Witness) -> AsyncIterator[tuple[keepers.Witness, ...]]:
    """The witnesses as the shop is told of them."""
    async with contextlib.AsyncExitStack() as running:
        urls = [await running.enter_async_context(_served(witness)) for witness in witnesses]
        pairs = zip(witnesses, urls, strict=True)
        yield tuple(keepers.Witness(witness.verifier, url, is_test=True) for witness, url in pairs)


@contextlib.asynccontextmanager
async def _served(witness: Witness) -> AsyncIterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(witness), log_level="error", lifespan="off", timeout_graceful_shutdown=0)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
