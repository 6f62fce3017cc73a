"""Signed notes, verifier keys and witnesses' cosignatures in the forms of C2SP (signed-note, tlog-cosignature v1).

What a note says is told elsewhere. No files here.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LOG, WITNESS = 1, 4
"""Types of signatures: a plain one, and a witness's with its time."""
MOST_SIGNATURES = 100
LAST_SECOND = 2**63 - 1
_LINE = re.compile(r"— ([^\s+]+) (\S+)")
_NAME = re.compile(r"[^\s+]+")


class BadNoteError(ValueError):
    """A note, key or signature is not in its form, or is false."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """Whose signatures are believed: name, type of signature and Ed25519 public key."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that, with the name, say which key a signature line is by."""
        return hashlib.sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        """The text form of C2SP: name, key id and key."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True, slots=True)
class Line:
    """One signature below a note; `signature` is without the key id."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"— {self.name} {_base64(self.key_id + self.signature)}\n"

    def is_by(self, key: Verifier) -> bool:
        """Whether it claims to be by a key."""
        return (self.name, self.key_id) == (key.name, key.key_id)


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and the signatures below it."""

    text: str
    lines: tuple[Line, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.lines))}"


def verifier(text: str) -> Verifier:
    """The key that a text names. Raises BadNoteError unless its key id is right."""
    name, plus, rest = text.partition("+")
    key_id, second_plus, key = rest.partition("+")
    content = _bytes(key)
    if not (plus and second_plus and _NAME.fullmatch(name)) or len(content) != 33 or content[0] not in (LOG, WITNESS):
        raise BadNoteError(f"{text!r} is no Ed25519 key of the form <name>+<key id>+<key>")
    found = Verifier(name, content[0], content[1:])
    if found.key_id.hex() != key_id:
        raise BadNoteError(f"the key id of {name} is {found.key_id.hex()}, not {key_id}")
    return found


def note(content: str) -> Note:
    """The parts of a signed note. Raises BadNoteError. No signature is checked."""
    text, gap, signatures = content.rpartition("\n\n")
    if any(character < " " and character != "\n" for character in content):
        raise BadNoteError("a note holds a control character")
    if not gap or not signatures.endswith("\n"):
        raise BadNoteError("a note has no signatures")
    return Note(f"{text}\n", lines(signatures))


def lines(content: str) -> tuple[Line, ...]:
    """Signature lines, each with its newline. Raises BadNoteError."""
    whole = content.removesuffix("\n").split("\n")
    if not content.endswith("\n") or len(whole) > MOST_SIGNATURES:
        raise BadNoteError("the signatures of a note are unfinished, or too many")
    return tuple(map(_line, whole))


def sign(text: str, name: str, key: Ed25519PrivateKey) -> Line:
    """The log's own signature line."""
    own = Verifier(name, LOG, key.public_key().public_bytes_raw())
    return Line(name, own.key_id, key.sign(text.encode()))


def cosign(text: str, name: str, key: Ed25519PrivateKey, second: int) -> Line:
    """A witness's word that it saw this checkpoint at a second as the largest consistent one."""
    own = Verifier(name, WITNESS, key.public_key().public_bytes_raw())
    return Line(name, own.key_id, second.to_bytes(8) + key.sign(_cosigned(text, second)))


def check_signed(content: Note, key: Verifier) -> None:
    """Raises BadNoteError unless every line that claims to be by the key is, and there is one."""
    own = [line for line in content.lines if line.is_by(key)]
    if not own:
        raise BadNoteError(f"the note is not signed by {key.name}")
    for line in own:
        _verify(key, line.signature, content.text.encode())


def cosigned_at(text: str, own: Sequence[Line], key: Verifier) -> int | None:
    """The second at which a witness saw the checkpoint: its newest line; None without one. Raises BadNoteError."""
    seconds = []
    for line in own:
        if line.is_by(key):
            second, signature = int.from_bytes(line.signature[:8]), line.signature[8:]
            if not 0 < second <= LAST_SECOND:
                raise BadNoteError(f"the cosignature of {key.name} has no time")
            _verify(key, signature, _cosigned(text, second))
            seconds.append(second)
    return max(seconds, default=None)


def _cosigned(text: str, second: int) -> bytes:
    return f"cosignature/v1\ntime {second}\n{text}".encode()


def _verify(key: Verifier, signature: bytes, content: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, content)
    except (InvalidSignature, ValueError):
        raise BadNoteError(f"a signature of {key.name} is false") from None


def _line(content: str) -> Line:
    found = _LINE.fullmatch(content)
    signed = _bytes(found[2]) if found else b""
    if found is None or len(signed) < 5:
        raise BadNoteError(f"{content!r} is no signature line")
    return Line(found[1], signed[:4], signed[4:])


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise BadNoteError(f"{content!r} is not base64") from None
