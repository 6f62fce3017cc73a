"""The draw's own arithmetic: tickets, entries, the round, the seed, the winners. Pure; docs/draw-bundle.md says why.

Integers are big-endian; a tag is ASCII with a trailing NUL. The verifier shares none of this code, on purpose.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

USER = b"mingsuan/draw/user/v1\0"
TICKET = b"mingsuan/draw/ticket/v1\0"
ENTRY = b"mingsuan/draw/entry/v1\0"
SEED = b"mingsuan/draw/seed/v1\0"
ALGORITHM = "sha256ctr-reject-fy/v1"
FIRST_SHOWN = 10_000_001
"""The number that people see for entry 0."""


@dataclass(frozen=True, slots=True)
class Pace:
    """When a chain's rounds appear: round R at `genesis` + (R − 1) · `period`, in seconds since 1970."""

    genesis: int
    period: int

    def time_of(self, number: int) -> int:
        """Raises ValueError for a round before the first."""
        if number < 1:
            raise ValueError(f"there is no round {number}")
        return self.genesis + (number - 1) * self.period

    def round_at(self, second: int) -> int:
        """The newest round at an instant. Raises ValueError before the first (drand's clients say 1 there)."""
        if second < self.genesis:
            raise ValueError(f"the chain begins at {self.genesis}, after {second}")
        return (second - self.genesis) // self.period + 1

    def round_of_draw(self, closed_at: int, delay_s: int) -> int:
        """The one round that decides a draw that closed at a second: never chosen, always this."""
        return self.round_at(closed_at + delay_s) + 1


def user_ref(draw: UUID, customer: UUID, salt: bytes) -> bytes:
    """Who entered, without saying who: the customer's salt stays secret until they claim."""
    return hashlib.sha256(USER + draw.bytes + customer.bytes + salt).digest()


def nonce_of(range_nonce: bytes, index: int) -> bytes:
    """The nonce of one entry of a range that was accepted with one nonce."""
    return hashlib.sha256(range_nonce + index.to_bytes(8)).digest()


def ticket(draw: UUID, index: int, user: bytes, nonce: bytes) -> bytes:
    """What the public ticket file holds for an entry: 32 bytes that bind draw, index and user, and show none."""
    return hashlib.sha256(TICKET + draw.bytes + index.to_bytes(8) + user + nonce).digest()


def entry(draw: UUID, index: int, ticket_hash: bytes) -> bytes:
    """The leaf of an entry in the draw's tree."""
    return ENTRY + draw.bytes + index.to_bytes(8) + ticket_hash


def shown(index: int) -> int:
    return FIRST_SHOWN + index


def seed(commit_hash: bytes, chain_hash: bytes, number: int, signature: bytes) -> bytes:
    """What decides the draw: the commitment before the round, and the round's signature after it."""
    randomness = hashlib.sha256(signature).digest()
    return hashlib.sha256(SEED + commit_hash + chain_hash + number.to_bytes(8) + randomness).digest()


class Stream:
    """Numbers without bias from a seed: SHA-256 in counter mode, read as 256-bit integers, those beyond the largest
    multiple of n thrown away."""

    def __init__(self, of: bytes) -> None:
        self._seed, self._next, self.rejected = of, 0, 0

    def below(self, n: int) -> int:
        """A number in [0, n). Raises ValueError when n is not positive."""
        if n < 1:
            raise ValueError("below() needs a positive number")
        limit = (1 << 256) // n * n
        while True:
            block = hashlib.sha256(self._seed + self._next.to_bytes(4)).digest()
            self._next += 1
            value = int.from_bytes(block)
            if value < limit:
                return value % n
            self.rejected += 1


def picks(of: bytes, entries: int) -> Iterator[int]:
    """All entries in the order in which they are drawn: winners first, then reserves.

    Forward Fisher–Yates that keeps only the places that were swapped, so that few of many cost little.
    """
    stream, moved = Stream(of), dict[int, int]()
    for i in range(entries):
        j = i + stream.below(entries - i)
        yield moved.get(j, j)
        moved[j] = moved.pop(i, i)
