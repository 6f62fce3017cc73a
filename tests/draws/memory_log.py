"""A log in memory with witnesses, in the formats of C2SP; its keys are for anybody to know."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from transactional import merkle
from transactional.draws import leaves, proofs

LOG_TYPE, WITNESS_TYPE = b"\x01", b"\x04"


@cache
def _key(made_from: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"a key for tests of {made_from}".encode()).digest())


@dataclass(frozen=True)
class Signer:
    """A name with an Ed25519 key that is made from it, or from what somebody else uses under that name."""

    name: str
    kind: bytes
    made_from: str = ""

    @property
    def key(self) -> Ed25519PrivateKey:
        return _key(self.made_from or self.name)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """As a policy pins it."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self.kind + self.public).decode()}"

    def line(self, signature: bytes) -> str:
        return f"— {self.name} {base64.b64encode(self.key_id + signature).decode()}\n"


LOG = Signer("draws.example/log", LOG_TYPE)
WITNESS = Signer("witness.example/one", WITNESS_TYPE)
OTHER_WITNESS = Signer("witness.example/two", WITNESS_TYPE)


def cosignature(witness: Signer, body: str, at: int) -> str:
    """A witness's line under a checkpoint's body, C2SP tlog-cosignature v1."""
    signature = witness.key.sign(f"cosignature/v1\ntime {at}\n{body}".encode())
    return witness.line(at.to_bytes(8) + signature)


@dataclass
class MemoryLog:
    """Leaves in order; everything else is computed from them."""

    signer: Signer = LOG
    leaves: list[str] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)

    def append(self, body: str) -> int:
        """The leaf's position."""
        self.leaves.append(body)
        self.hashes.append(leaves.leaf_hash(body))
        return len(self.leaves) - 1

    def body(self, size: int) -> str:
        root = base64.b64encode(merkle.root(self.hashes[:size])).decode()
        return f"{self.signer.name}\n{size}\n{root}\n"

    def checkpoint(self, size: int, witnesses: Sequence[Signer] = (), at: int = 0) -> str:
        """Signed by the log, and at a second by witnesses."""
        body = self.body(size)
        lines = [self.signer.line(self.signer.key.sign(body.encode()))]
        lines += [cosignature(witness, body, at) for witness in witnesses]
        return f"{body}\n{''.join(lines)}"

    def inclusion(self, index: int, size: int) -> list[str]:
        return _texts(proofs.inclusion(self.hashes[:size], index))

    def consistency(self, first: int, second: int) -> list[str]:
        return _texts(proofs.consistency(self.hashes[:second], first))

    def files(self, size: int | None = None) -> dict[str, bytes]:
        """The log as it is served (C2SP tlog-tiles), without its checkpoint."""
        hashes = self.hashes[:size]
        framed = [len(text.encode()).to_bytes(2) + text.encode() for text in self.leaves[:size]]
        files = dict(_tiles("entries", framed))
        level = 0
        while hashes:
            files |= dict(_tiles(str(level), hashes))
            whole = len(hashes) // 256
            hashes = [merkle.root(hashes[256 * place : 256 * place + 256]) for place in range(whole)]
            level += 1
        return files


def _tiles(level: str, parts: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Of at most 1,000 tiles."""
    for start in range(0, len(parts), 256):
        piece = parts[start : start + 256]
        partial = f".p/{len(piece)}" if len(piece) < 256 else ""
        yield f"tile/{level}/{start // 256:03}{partial}", b"".join(piece)


def _texts(proof: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(step).decode() for step in proof]
