"""The public file of a draw's tickets, 32 bytes each, and the two hashes that a commitment makes of it."""

import asyncio
import contextlib
import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from transactional import merkle
from transactional.draws import rules

TICKET_BYTES = 32
NAME = "tickets.bin"


@dataclass(frozen=True, slots=True)
class Tickets:
    """How many a file holds, its SHA-256, and the root of the tree of their entries."""

    count: int
    sha256: bytes
    root: bytes


class TicketsTornError(RuntimeError):
    """There are not as many tickets as entries."""


def folder_of(public_dir: Path, draw: UUID) -> Path:
    """Where anybody may read what a draw publishes."""
    return public_dir / "draws" / draw.hex


async def write(path: Path, draw: UUID, tickets: AsyncIterator[bytes], count: int) -> Tickets:
    """The whole file or none; written again, it is the same. Raises TicketsTornError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    whole, written = hashlib.sha256(), 0
    try:
        with beside.open("wb") as file:
            async for chunk in tickets:
                file.write(chunk)
                whole.update(chunk)
                written += len(chunk)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        if written != count * TICKET_BYTES:
            raise TicketsTornError(f"draw {draw} has {count} entries, but {written} bytes of tickets")
        root = await asyncio.to_thread(_root, beside, draw)
        beside.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
    return Tickets(count, whole.digest(), root)


def _root(path: Path, draw: UUID) -> bytes:
    """Of the tree of the entries; the file is read again, so that memory is one piece of it."""
    with path.open("rb") as file:
        tickets = iter(lambda: file.read(TICKET_BYTES), b"")
        return merkle.root(merkle.leaf_hash(rules.entry(draw, index, each)) for index, each in enumerate(tickets))
