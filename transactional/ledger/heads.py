"""Heads of the ledger's seals as signed lines: what a line says, and which lines to trust. No files here.

A line is trusted when its signature (Ed25519) is this shop's and it follows from the line before.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from transactional.canonical_json import canonical

HEAD_TAG = b"mingsuan/ledger/head/v1\0"
LINE_TAG = b"mingsuan/ledger/published-head/v1\0"
NO_HEAD = bytes(32)
Content = dict[str, int | str]


class HeadsError(RuntimeError):
    """Published heads that cannot be trusted or added to; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Head:
    """A seal as it is published. `sealed_at_us` is microseconds since 1970, UTC."""

    seal_no: int
    transaction_count: int
    merkle_root: bytes
    previous_head: bytes
    sealed_at_us: int

    @property
    def head(self) -> bytes:
        """SHA256(tag ‖ number ‖ head before ‖ root ‖ count ‖ instant), integers of 8 bytes, big-endian."""
        numbers = (self.transaction_count.to_bytes(8), self.sealed_at_us.to_bytes(8))
        parts = (HEAD_TAG, self.seal_no.to_bytes(8), self.previous_head, self.merkle_root, *numbers)
        return hashlib.sha256(b"".join(parts)).digest()

    def content(self) -> Content:
        """What its line says, signature apart."""
        values = {**asdict(self), "head": self.head}
        return {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class Loss:
    """The owner's word that seals were lost with the rows that they sealed, after a restore from an older backup."""

    lost_from: int
    lost_to: int
    reason: str
    accepted_at_us: int

    def content(self) -> Content:
        """What its line says, signature apart."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Published:
    """Trustworthy lines up to the first that is not, and what is wrong with that one."""

    heads: tuple[Head, ...] = ()
    losses: tuple[Loss, ...] = ()
    problem: str | None = None
    unfinished: bool = False

    @property
    def last(self) -> Head | None:
        return self.heads[-1] if self.heads else None

    @property
    def last_no(self) -> int:
        """Number of the newest head, 0 when there is none."""
        return self.heads[-1].seal_no if self.heads else 0

    @property
    def last_is_lost(self) -> bool:
        """Whether the newest head is among the seals whose loss was accepted."""
        return bool(self.heads and self.losses) and self.losses[-1].lost_to == self.heads[-1].seal_no


def following(head: Head | None) -> tuple[int, bytes]:
    """Number and previous head of the seal that comes after this one, or first of all."""
    return (head.seal_no + 1, head.head) if head else (1, NO_HEAD)


def line_of(entry: Head | Loss, key: Ed25519PrivateKey) -> bytes:
    """The signed line, with its end."""
    content = entry.content()
    signature = key.sign(LINE_TAG + canonical(content)).hex()
    return canonical({**content, "signature": signature}) + b"\n"


def trusted(lines: Iterable[bytes], key: Ed25519PublicKey, *, from_start: bool = True) -> Published:
    """What the lines say. With `from_start` the first must be seal 1, otherwise they are the end of a longer file."""
    heads: list[Head] = []
    losses: list[Loss] = []
    for number, line in enumerate(lines, start=1):
        try:
            entry = _entry(json.loads(line), key)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, InvalidSignature):
            problem = f"line {number} was not signed with the key of this shop"
            return Published(tuple(heads), tuple(losses), problem)
        if isinstance(entry, Loss):
            losses.append(entry)
        elif (heads or from_start) and (entry.seal_no, entry.previous_head) != following(heads[-1] if heads else None):
            problem = f"line {number} does not follow from the lines before: some were removed, moved or added"
            return Published(tuple(heads), tuple(losses), problem)
        else:
            heads.append(entry)
    return Published(tuple(heads), tuple(losses))


def _entry(content: Mapping[str, int | str], key: Ed25519PublicKey) -> Head | Loss:
    signed = {name: value for name, value in content.items() if name != "signature"}
    key.verify(bytes.fromhex(str(content["signature"])), LINE_TAG + canonical(signed))
    if "lost_from" in signed:
        numbers = [int(signed[name]) for name in ("lost_from", "lost_to", "accepted_at_us")]
        return Loss(numbers[0], numbers[1], str(signed["reason"]), numbers[2])
    root, previous = (bytes.fromhex(str(signed[name])) for name in ("merkle_root", "previous_head"))
    seal_no, count, sealed_at_us = (int(signed[name]) for name in ("seal_no", "transaction_count", "sealed_at_us"))
    return Head(seal_no, count, root, previous, sealed_at_us)
