"""Verifies the bundle of a prize draw, offline: `python -m mingsuan.draw_verifier BUNDLE --policy FILE`.

One file with two libraries, cryptography and py_arkworks_bls12381, to be copied anywhere. It shares no code with the
shop that runs the draws, on purpose, and believes nothing of a bundle that it has not computed. The protocol and what
each verdict means: docs/draw-bundle.md. Whole logs are read elsewhere, in `log_verifier`.
"""

import argparse
import base64
import binascii
import hashlib
import io
import json
import struct
import sys
import time
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from itertools import islice
from pathlib import Path
from typing import IO, Annotated, Any, Final, Literal, NoReturn, TextIO, TypeVar, get_args

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from py_arkworks_bls12381 import GT, G1Point, G2Point

EXITS: Final[Mapping[str, int]] = {
    "VALID": 0,
    "VALID-UNTIMED": 10,
    "TEST": 11,
    "OPEN": 12,
    "OVERDUE": 13,
    "VOID": 14,
    "VOID-UNTIMED": 15,
    "USAGE": 2,
    "FORMAT": 20,
    "BROUGHT-KEYS": 21,
    "LOG-KEY": 22,
    "NOT-IN-LOG": 23,
    "INCONSISTENT": 24,
    "SPLIT-VIEW": 25,
    "BAD-WITNESS": 26,
    "SECOND-COMMIT": 27,
    "RULES-CHANGED": 28,
    "TICKETS-WITHHELD": 29,
    "GAPS": 30,
    "BATCH-ROOT": 31,
    "ENTRIES-ROOT": 32,
    "KINDS": 33,
    "CLOSING": 34,
    "WRONG-CHAIN": 35,
    "WRONG-ROUND": 36,
    "LATE-COMMIT": 37,
    "BAD-BEACON": 38,
    "WRONG-WINNERS": 39,
    "WRONG-RESERVES": 40,
    "BAD-OPENING": 41,
    "EARLY-FORFEIT": 42,
    "WRONG-REPLACEMENT": 43,
    "INVALID-VOID": 44,
    "WRONG-RECEIPT": 45,
    "NUMBER-GAP": 46,
    "BAD-TILES": 47,
}
"""Exit code of each verdict."""
VERSION: Final = 2
"""Grows with every change of what is checked, so that a stored verdict tells what it is worth."""

TICKET = b"mingsuan/draw/ticket/v1\0"
ENTRY = b"mingsuan/draw/entry/v1\0"
SEED = b"mingsuan/draw/seed/v1\0"
RECEIPT = b"mingsuan/draw/receipt/v1\0"
BLS_TAG = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
LEAF_BYTES = 65_535
MANIFEST_BYTES = 64 << 20
RULES_BYTES = 1 << 20
SMALL_BYTES = 1 << 20
CHECKPOINT_BYTES = 1 << 16
CHECKPOINT_LINES = 100
MOST_ENTRIES = 100_000_000
MERGE_DELAY_S = 60
DAY_S = 86_400
CLOCKS_DIFFER_S = 600
FIRST_SHOWN = 10_000_001
_CHUNK = 4096
"""Entries that are hashed in one go; a power of two."""
_sha256 = hashlib.sha256
T = TypeVar("T")


class FaultError(Exception):
    """A check failed; `code` is the verdict."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def fault(code: str, message: str) -> NoReturn:
    raise FaultError(code, message)


def malformed(message: str) -> NoReturn:
    raise FaultError("FORMAT", message)


# ---------------------------------------------------------------- JSON and the forms of its values


def parsed(content: bytes | str, what: str) -> Any:
    """JSON of objects with distinct names, arrays, strings and integers below 2^53; nothing else. Raises FORMAT."""
    try:
        return json.loads(
            content, object_pairs_hook=_distinct, parse_int=_integer, parse_float=_refused, parse_constant=_refused
        )
    except (ValueError, RecursionError) as error:
        malformed(f"{what} is no JSON of the allowed kind: {error}")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a name comes twice")
    return content


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) >= 1 << 53:
        raise ValueError("an integer is too large")
    return int(text)


def _refused(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is not allowed")


def canonical(content: object) -> bytes:
    """RFC 8785 form of what `parsed` lets through. Raises ValueError for a lone surrogate."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parsed_canonical(content: bytes, what: str) -> Any:
    """Raises FORMAT unless it is in the form of RFC 8785."""
    value = parsed(content, what)
    check_canonical(value, content, what)
    return value


def check_canonical(value: object, content: bytes, what: str) -> None:
    """Raises FORMAT unless the content is what RFC 8785 makes of the value."""
    try:
        is_canonical = canonical(value) == content
    except (ValueError, RecursionError):
        is_canonical = False
    if not is_canonical:
        malformed(f"{what} is not in the form of RFC 8785")


Form = Callable[[Any, str], Any]
"""Takes a value and its name, hands back what it stands for, or raises FORMAT."""


@cache
def _forms(of: type[Any]) -> Mapping[str, Form]:
    return {each.name: get_args(each.type)[1] for each in fields(of)}


def read(of: type[T], value: object, what: str) -> T:
    """A dataclass from an object that has exactly its fields, each annotated with its form. Raises FORMAT."""
    forms: Mapping[str, Form] = _forms(of)  # type: ignore[arg-type]
    if not isinstance(value, dict):
        malformed(f"{what} is not an object")
    if odd := set(forms).symmetric_difference(value):
        malformed(f"{what} has a field too many or too few: {', '.join(sorted(odd))[:200]}")
    return of(**{name: form(value[name], f"{what}: {name}") for name, form in forms.items()})


def whole(value: Any, name: str, least: int = 0) -> int:
    if type(value) is not int or value < least:
        malformed(f"{name} is not an integer from {least} on")
    return value


def exactly(expected: int, value: Any, name: str) -> int:
    if type(value) is not int or value != expected:
        malformed(f"{name} is not {expected}")
    return expected


def positive(value: Any, name: str) -> int:
    return whole(value, name, 1)


def flag(value: Any, name: str) -> bool:
    if value not in (0, 1) or type(value) is not int:
        malformed(f"{name} is neither 0 nor 1")
    return bool(value)


def words(value: Any, name: str) -> str:
    if not isinstance(value, str):
        malformed(f"{name} is not a string")
    return value


def one_of(*allowed: str) -> Form:
    def form(value: Any, name: str) -> str:
        if value not in allowed:
            malformed(f"{name} is none of {', '.join(allowed)}")
        return str(value)

    return form


def hexed(size: int) -> Form:
    def form(value: Any, name: str) -> bytes:
        try:
            content = bytes.fromhex(words(value, name))
        except ValueError:
            content = b""
        if len(content) != size or content.hex() != value:
            malformed(f"{name} is not {size} bytes in lower-case hexadecimal")
        return content

    return form


def based(value: Any, name: str) -> bytes:
    """Base64 of RFC 4648 section 4, padded, in its one canonical form."""
    try:
        content = base64.b64decode(words(value, name), validate=True)
    except (binascii.Error, ValueError):
        malformed(f"{name} is not base64")
    if base64.b64encode(content).decode() != value:
        malformed(f"{name} is not base64 as it is written canonically")
    return content


def based_hash(value: Any, name: str) -> bytes:
    content = based(value, name)
    if len(content) != 32:
        malformed(f"{name} is not a hash of 32 bytes")
    return content


def array_of(form: Form) -> Form:
    def read_array(value: Any, name: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            malformed(f"{name} is not an array")
        return tuple(form(each, f"{name}[{place}]") for place, each in enumerate(value))

    return read_array


def record(of: type[T]) -> Callable[[Any, str], T]:
    return lambda value, name: read(of, value, name)


Whole = Annotated[int, whole]
Positive = Annotated[int, positive]
Flag = Annotated[bool, flag]
Words = Annotated[str, words]
Id = Annotated[bytes, hexed(16)]
Hash = Annotated[bytes, hexed(32)]


# ---------------------------------------------------------------- trees of RFC 6962


def leaf_hash(text: bytes) -> bytes:
    return _sha256(b"\0" + text).digest()


def node(left: bytes, right: bytes) -> bytes:
    return _sha256(b"\1" + left + right).digest()


def _folded(hashes: list[bytes]) -> bytes:
    """Root over at least one hash, level by level: one without a neighbour goes up as it is."""
    sha256 = _sha256
    while len(hashes) > 1:
        left, right = hashes[::2], hashes[1::2]
        alone = left[len(right) :]
        hashes = [sha256(b"\1" + one + other).digest() for one, other in zip(left, right, strict=False)]
        hashes += alone
    return hashes[0]


class Tree:
    """A tree that grows: it keeps a hash for each whole subtree, and at most 4,096 leaves."""

    def __init__(self) -> None:
        self.size = 0
        self._whole: list[tuple[int, bytes]] = []
        self._rest: list[bytes] = []

    def extend(self, hashes: list[bytes]) -> None:
        """Adds the hashes of leaves."""
        self.size += len(hashes)
        self._rest += hashes
        while len(self._rest) >= _CHUNK:
            self._raise(_folded(self._rest[:_CHUNK]))
            del self._rest[:_CHUNK]

    def _raise(self, top: bytes) -> None:
        size = 1
        while self._whole and self._whole[-1][0] == size:
            size, top = 2 * size, node(self._whole.pop()[1], top)
        self._whole.append((size, top))

    def root(self) -> bytes:
        """Of all leaves so far."""
        tops = [top for _, top in self._whole]
        if self._rest:
            tops.append(_folded(self._rest))
        if not tops:
            return _sha256().digest()
        root = tops.pop()
        while tops:
            root = node(tops.pop(), root)
        return root


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == 32 for value in values)


def is_included(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return False
    place, last, top = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            top = node(step, top)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            top = node(top, step)
        place, last = place >> 1, last >> 1
    return last == 0 and top == root


def is_extended(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2: the tree of `second` leaves begins with that of `first`, which is at least 1."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    steps = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not steps or not _are_hashes(first_root, second_root, *proof):
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node(step, old), node(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node(new, step)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


# ---------------------------------------------------------------- the policy: what is pinned


@dataclass(frozen=True, slots=True)
class Key:
    """A pinned Ed25519 key of a signed note; `id` is what its lines begin with."""

    name: str
    id: bytes
    public: bytes

    def signed(self, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


SPACES = frozenset("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000").union(map(chr, range(0x2000, 0x200B)))
"""Unicode's white space."""


def _is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and SPACES.isdisjoint(name)


def key_of(kind: int) -> Form:
    """`<name>+<key id>+<base64 of kind and key>`, C2SP signed-note."""

    def form(value: Any, name: str) -> Key:
        parts = words(value, name).split("+", 2)
        if len(parts) != 3 or not _is_key_name(parts[0]):
            malformed(f"{name} is no key of a signed note")
        content = based(parts[2], name)
        key_id = _sha256(parts[0].encode(errors="surrogatepass") + b"\n" + content).digest()[:4]
        if len(content) != 33 or content[0] != kind or parts[1] != key_id.hex():
            malformed(f"{name} is no Ed25519 key of type {kind}, or its id is another")
        return Key(parts[0], key_id, content[1:])

    return form


@dataclass(frozen=True, slots=True)
class Witness:
    key: Annotated[Key, key_of(4)]
    test: Flag


@dataclass(frozen=True, slots=True)
class Chain:
    """A beacon of drand's scheme bls-unchained-g1-rfc9380."""

    hash: Hash
    public_key: Annotated[bytes, hexed(96)]
    genesis: Whole
    period: Positive
    least_delay_s: Positive
    most_delay_s: Positive
    test: Flag

    def time_of(self, number: int) -> int:
        return self.genesis + (number - 1) * self.period

    def round_of_draw(self, closed_at: int, delay_s: int) -> int:
        """The round that decides."""
        return (closed_at + delay_s - self.genesis) // self.period + 2

    def has_signed(self, number: int, signature: bytes) -> bool:
        """A canonical point of the group, not the identity, that pairs with the round's message."""
        try:
            point = G1Point.from_compressed_bytes(signature)  # refuses what is not in the subgroup
            key = G2Point.from_compressed_bytes(self.public_key)
        except ValueError:
            return False
        if point == G1Point.identity() or point.to_compressed_bytes() != signature or key == G2Point.identity():
            return False
        hashed = G1Point.hash_to_curve(_sha256(number.to_bytes(8, "big")).digest(), BLS_TAG)
        return bool(GT.pairing_check([point, -hashed], [G2Point(), key]))


@dataclass(frozen=True, slots=True)
class Policy:
    """What the verifier knew before it saw the bundle."""

    format: Annotated[str, one_of("mingsuan/draw-policy/v1")]
    log: Annotated[Key, key_of(1)]
    witnesses: Annotated[tuple[Witness, ...], array_of(record(Witness))]
    quorum: Positive
    chains: Annotated[tuple[Chain, ...], array_of(record(Chain))]

    def chain(self, of: bytes) -> Chain | None:
        return next((chain for chain in self.chains if chain.hash == of), None)


def policy_of(content: bytes) -> Policy:
    """Raises USAGE: without a policy there is nothing to believe."""
    try:
        policy = read(Policy, parsed(content, "the policy"), "the policy")
    except FaultError as error:
        raise FaultError("USAGE", str(error)) from None
    if len({witness.key.public for witness in policy.witnesses}) != len(policy.witnesses):
        fault("USAGE", "the policy pins a witness twice")
    if len({chain.hash for chain in policy.chains}) != len(policy.chains):
        fault("USAGE", "the policy pins a chain twice")
    return policy


# ---------------------------------------------------------------- checkpoints


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed note of a log; its lines are not verified yet."""

    body: str
    origin: str
    size: int
    root: bytes
    lines: tuple[tuple[str, bytes], ...]

    def of(self, key: Key) -> list[bytes]:
        """Signatures in lines that claim to be by a key."""
        return [content[4:] for name, content in self.lines if name == key.name and content[:4] == key.id]


def checkpoint_of(value: Any, what: str) -> Checkpoint:
    """Raises FORMAT; C2SP signed-note and tlog-checkpoint."""
    text = words(value, what)
    if len(text.encode(errors="surrogatepass")) > CHECKPOINT_BYTES or text.count("\n") > CHECKPOINT_LINES:
        malformed(f"{what} is too long")
    body, blank, signatures = text.rpartition("\n\n")
    lines = body.split("\n")
    if not blank or not signatures.endswith("\n") or len(lines) < 3 or not all(lines):
        malformed(f"{what} is not a signed checkpoint")
    if any(sign < " " and sign != "\n" for sign in text):
        malformed(f"{what} holds a control character")
    size = lines[1]
    if not (size.isascii() and size.isdigit() and len(size) <= 16) or str(int(size)) != size or int(size) >= 1 << 53:
        malformed(f"{what} has no size")
    signed = tuple(_signature(line, what) for line in signatures[:-1].split("\n"))
    return Checkpoint(body + "\n", lines[0], int(size), based_hash(lines[2], what), signed)


def _signature(line: str, what: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, content = rest.partition(" ")
    if dash != "—" or not _is_key_name(name):
        malformed(f"{what} has a line that is no signature")
    signature = based(content, what)
    if len(signature) < 5:
        malformed(f"{what} has a signature that is too short")
    return name, signature


def check_log_signature(checkpoint: Checkpoint, log: Key) -> None:
    """Raises LOG-KEY."""
    signatures = checkpoint.of(log)
    if checkpoint.origin != log.name or not signatures:
        fault("LOG-KEY", f"the checkpoint is of another log than {log.name}, or without a line of its pinned key")
    if not all(log.signed(signature, checkpoint.body.encode()) for signature in signatures):
        fault("LOG-KEY", f"a signature of {log.name} under the checkpoint is false")


@dataclass(frozen=True, slots=True)
class Sight:
    """A witness saw a checkpoint at a second, by its own clock."""

    witness: Witness
    at: int


def sights(checkpoint: Checkpoint, policy: Policy) -> list[Sight]:
    """When each pinned witness saw a checkpoint first. Raises BAD-WITNESS."""
    seen = []
    for witness in policy.witnesses:
        times = [_cosigned(checkpoint, witness.key, content) for content in checkpoint.of(witness.key)]
        if times:
            seen.append(Sight(witness, min(times)))
    return seen


def _cosigned(checkpoint: Checkpoint, key: Key, content: bytes) -> int:
    at = int.from_bytes(content[:8], "big")
    message = f"cosignature/v1\ntime {at}\n{checkpoint.body}".encode()
    if len(content) != 72 or not key.signed(content[8:], message):
        fault("BAD-WITNESS", f"the line of {key.name} is not its cosignature of this checkpoint")
    if not 0 < at < 1 << 53:
        fault("BAD-WITNESS", f"{key.name} signed at no time that can be")
    return at


# ---------------------------------------------------------------- what the leaves say


@dataclass(frozen=True, slots=True)
class Prize:
    item: Words
    name: Words
    value_fen: Whole


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket laid open."""

    index: Whole
    user_ref: Hash
    nonce: Hash

    def ticket(self, draw_id: bytes) -> bytes:
        return _sha256(TICKET + draw_id + self.index.to_bytes(8, "big") + self.user_ref + self.nonce).digest()


KINDS = ("free", "house", "paid")


@dataclass(frozen=True, slots=True)
class Runs:
    """Kinds of entries in their order; `ends` are the running sums of their counts. Neighbours are to be joined."""

    kinds: bytes
    ends: "array[int]"
    are_joined: bool

    def kind_at(self, place: int) -> str:
        return KINDS[self.kinds[bisect_right(self.ends, place)]]

    def counts(self) -> dict[str, int]:
        total = dict.fromkeys(KINDS, 0)
        start = 0
        for kind, end in zip(self.kinds, self.ends, strict=True):
            total[KINDS[kind]] += end - start
            start = end
        return total


def _runs(value: Any, name: str) -> Runs:
    kinds, ends, before, are_joined = bytearray(), array("Q"), 0, True
    if not isinstance(value, list) or not value:
        malformed(f"{name} is not an array of runs")
    for run in value:
        if not isinstance(run, list) or len(run) != 2 or run[0] not in KINDS:
            malformed(f"{name} holds something that is no run")
        kind = KINDS.index(run[0])
        are_joined = are_joined and kinds[-1:] != bytes([kind])
        before += whole(run[1], name, 1)
        if before > MOST_ENTRIES:
            malformed(f"{name} are of more entries than a draw can have")
        kinds.append(kind)
        ends.append(before)
    return Runs(bytes(kinds), ends, are_joined)


def _packs(value: Any, name: str) -> tuple[tuple[int, int], ...]:
    packs = array_of(array_of(positive))(value, name)
    if any(len(pack) != 2 for pack in packs):
        malformed(f"{name} holds something that is no pair")
    return packs  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Totals:
    free: Whole
    house: Whole
    paid: Whole


@dataclass(frozen=True, slots=True)
class Opening:
    draw_id: Id
    number: Positive
    opened_at: Whole
    mode: Annotated[str, one_of("promotional", "refundable", "paid")]
    prize: Annotated[Prize, record(Prize)]
    price_fen: Whole
    bundles: Annotated[tuple[tuple[int, int], ...], _packs]
    currency: Words
    capacity: Whole
    closes_at: Whole
    winners: Positive
    reserves: Whole
    delay_s: Whole
    chain: Hash
    claim_days: Whole
    free_rule: Words
    house_rule: Words
    rules_sha256: Hash


@dataclass(frozen=True, slots=True)
class Batch:
    draw_id: Id
    first: Whole
    count: Positive
    root: Hash
    runs: Annotated[Runs, _runs]
    at: Whole


@dataclass(frozen=True, slots=True)
class Commitment:
    draw_id: Id
    open_hash: Hash
    closed_at: Whole
    entries: Whole
    entries_root: Hash
    tickets_sha256: Hash
    totals: Annotated[Totals, record(Totals)]
    winners: Positive
    reserves: Whole
    rules_sha256: Hash
    beacon_chain: Hash
    beacon_round: Positive
    beacon_time: Whole
    fresh_round: Positive
    fresh_signature: Annotated[bytes, hexed(48)]
    algorithm: Annotated[str, one_of("sha256ctr-reject-fy/v1")]


@dataclass(frozen=True, slots=True)
class Result:
    draw_id: Id
    commit_hash: Hash
    round: Positive
    signature: Annotated[bytes, hexed(48)]
    winners: Annotated[tuple[Opened, ...], array_of(record(Opened))]
    reserves: Annotated[tuple[int, ...], array_of(whole)]
    at: Whole


def _one_at_most(value: Any, name: str) -> tuple[Opened, ...]:
    opened: tuple[Opened, ...] = array_of(record(Opened))(value, name)
    if len(opened) > 1:
        malformed(f"{name} holds more than one")
    return opened


@dataclass(frozen=True, slots=True)
class Forfeit:
    draw_id: Id
    index: Whole
    reason: Words
    at: Whole
    replacement: Annotated[tuple[Opened, ...], _one_at_most]
    fresh_round: Positive
    fresh_signature: Annotated[bytes, hexed(48)]


@dataclass(frozen=True, slots=True)
class Delivery:
    draw_id: Id
    index: Whole
    at: Whole
    how: Annotated[str, one_of("code", "parcel", "hand")]


@dataclass(frozen=True, slots=True)
class Void:
    draw_id: Id
    reason: Annotated[str, one_of("undersold", "cancelled")]
    words: Words
    at: Whole


@dataclass(frozen=True, slots=True)
class Returned:
    draw_id: Id
    at: Whole
    reason: Annotated[str, one_of("late")]
    amount_fen: Whole


@dataclass(frozen=True, slots=True)
class Seal:
    """Of the ledger: nothing to do with a draw."""

    seal_no: Whole
    head: Hash


OfDraw = Opening | Batch | Commitment | Result | Forfeit | Delivery | Void | Returned
LEAVES: Mapping[str, type[OfDraw | Seal]] = {
    "draw-open/v1": Opening,
    "draw-batch/v1": Batch,
    "draw-commit/v1": Commitment,
    "draw-result/v1": Result,
    "draw-forfeit/v1": Forfeit,
    "draw-delivery/v1": Delivery,
    "draw-void/v1": Void,
    "draw-returned/v1": Returned,
    "ledger-seal/v1": Seal,
}


def leaf_of(text: bytes, what: str) -> OfDraw | Seal:
    """What a leaf says. Raises FORMAT."""
    if len(text) > LEAF_BYTES:
        malformed(f"{what} is too long for the log")
    value = parsed_canonical(text, what)
    kind = value.pop("type", None) if isinstance(value, dict) else None
    of = LEAVES.get(kind) if isinstance(kind, str) else None
    if of is None:
        malformed(f"{what} is of no known type")
    return read(of, value, what)


# ---------------------------------------------------------------- a draw, as its leaves tell it


@dataclass(frozen=True, slots=True)
class Placed:
    """A leaf, its position in the log and its hash."""

    index: int
    hash: bytes
    says: OfDraw


@dataclass
class Draw:
    """All leaves of a draw in the log's order; what comes once is the first of its kind."""

    leaves: list[Placed]

    def __post_init__(self) -> None:
        first = self.leaves[0].says if self.leaves else None
        if not isinstance(first, Opening):
            malformed("the first leaf of the draw is not its opening")
        self.opening, self.open_hash = first, self.leaves[0].hash
        if any(leaf.says.draw_id != first.draw_id for leaf in self.leaves):
            malformed("a leaf is of another draw")
        if first.capacity == 0 == first.closes_at:
            malformed("the draw has neither a capacity nor a closing time")
        self.batches = [leaf.says for leaf in self.leaves if isinstance(leaf.says, Batch)]
        if any(batch.first + batch.count > MOST_ENTRIES for batch in self.batches):
            malformed(f"a draw has at most {MOST_ENTRIES} entries")
        self._firsts = [batch.first for batch in self.batches]
        self.sold = sum(batch.count for batch in self.batches)
        self.commitment, self.committed = self._once(Commitment)
        self.result, self.decided = self._once(Result)
        self.void, self.voided = self._once(Void)

    def _once(self, kind: type[T]) -> tuple[T | None, Placed | None]:
        return next(((leaf.says, leaf) for leaf in self.leaves if isinstance(leaf.says, kind)), (None, None))

    def how_many(self, kind: type[OfDraw]) -> int:
        return sum(isinstance(leaf.says, kind) for leaf in self.leaves)

    def batch_at(self, index: int) -> Batch:
        """Of batches that tile."""
        return self.batches[bisect_right(self._firsts, index) - 1]

    def kind_at(self, index: int) -> str:
        batch = self.batch_at(index)
        return batch.runs.kind_at(index - batch.first)

    def is_full(self) -> bool:
        return 0 < self.opening.capacity == self.sold

    def closes(self) -> int | None:
        """When the draw closed or will close by what is known, or None."""
        if self.is_full():
            return self.batches[-1].at
        return self.opening.closes_at or None

    def deadline(self, round_time: int) -> int:
        return round_time - max(1, min(60, self.opening.delay_s // 2))

    def round_time(self, chain: Chain) -> int | None:
        """When the round that decides appears, or None while nothing fixes it."""
        if self.commitment:
            return chain.time_of(self.commitment.beacon_round)
        closes = self.closes()
        return None if closes is None else chain.time_of(chain.round_of_draw(closes, self.opening.delay_s))


def check_once(draw: Draw) -> None:
    """Raises SECOND-COMMIT."""
    for kind in (Opening, Commitment, Result, Void):
        if (count := draw.how_many(kind)) > 1:
            fault("SECOND-COMMIT", f"the log has {count} leaves of {kind.__name__.lower()} for this draw")


def check_promises(draw: Draw) -> None:
    """Raises RULES-CHANGED: what was committed is what was opened."""
    said, opening = draw.commitment, draw.opening
    if said is None:
        return
    if said.open_hash != draw.open_hash:
        fault("RULES-CHANGED", "the commitment is of another opening")
    promised = (opening.winners, opening.reserves, opening.rules_sha256)
    if (said.winners, said.reserves, said.rules_sha256) != promised:
        fault("RULES-CHANGED", "winners, reserves or rules are not those of the opening")


def check_rules_text(draw: Draw, rules: bytes) -> None:
    """Raises RULES-CHANGED."""
    if _sha256(rules).digest() != draw.opening.rules_sha256:
        fault("RULES-CHANGED", "rules.txt is not the text that the opening promised")


def check_tiling(draw: Draw) -> None:
    """Raises GAPS."""
    following = 0
    for batch in draw.batches:
        if batch.first != following:
            fault("GAPS", f"a batch begins at entry {batch.first}, but {following} entries came before it")
        following += batch.count
    if draw.commitment and draw.commitment.entries != following:
        fault("GAPS", f"{draw.commitment.entries} entries are committed, but the batches hold {following}")


def check_kinds(draw: Draw) -> None:
    """Raises KINDS."""
    total = dict.fromkeys(KINDS, 0)
    for batch in draw.batches:
        counts = batch.runs.counts()
        if sum(counts.values()) != batch.count:
            fault("KINDS", f"the kinds in the batch from entry {batch.first} on are not of {batch.count} entries")
        if not batch.runs.are_joined:
            fault("KINDS", f"the batch from entry {batch.first} on has neighbours of one kind that are not joined")
        for kind, count in counts.items():
            total[kind] += count
    if draw.commitment:
        totals = draw.commitment.totals
        if {"free": totals.free, "house": totals.house, "paid": totals.paid} != total:
            fault("KINDS", f"other totals are committed than the batches have: {total}")


def check_closing(draw: Draw) -> None:
    """Raises CLOSING."""
    opening, before = draw.opening, draw.opening.opened_at
    for batch in draw.batches:
        if batch.at < before:
            fault("CLOSING", f"the batch from entry {batch.first} on is older than what came before it")
        if opening.closes_at and batch.at >= opening.closes_at:
            fault("CLOSING", f"the batch from entry {batch.first} on was accepted after closing")
        before = batch.at
    if 0 < opening.capacity < draw.sold:
        fault("CLOSING", f"there are {draw.sold} entries, but only {opening.capacity} were to be had")
    if draw.commitment is None or draw.committed is None:
        return
    if any(isinstance(leaf.says, Batch) and leaf.index > draw.committed.index for leaf in draw.leaves):
        fault("CLOSING", "a batch lies in the log after the commitment")
    if not draw.is_full() and opening.capacity:
        fault("CLOSING", "the draw was committed before it was full")
    if draw.commitment.closed_at != draw.closes():
        fault("CLOSING", f"the draw closed at {draw.closes()}, not at {draw.commitment.closed_at}")


def pinned_chain(draw: Draw, policy: Policy) -> Chain:
    """Raises WRONG-CHAIN."""
    chain = policy.chain(draw.opening.chain)
    if chain is None:
        fault("WRONG-CHAIN", f"the policy does not pin the chain {draw.opening.chain.hex()}")
    if draw.commitment and draw.commitment.beacon_chain != draw.opening.chain:
        fault("WRONG-CHAIN", "the commitment is to another chain than the opening")
    if not chain.least_delay_s <= draw.opening.delay_s <= chain.most_delay_s:
        fault("WRONG-CHAIN", f"a delay of {draw.opening.delay_s} s is out of the chain's bounds")
    closes = draw.closes()
    if closes is not None and closes + draw.opening.delay_s < chain.genesis:
        fault("WRONG-CHAIN", "the draw closes before its chain begins")
    return chain


def check_round(draw: Draw, chain: Chain) -> None:
    """Raises WRONG-ROUND."""
    said, result = draw.commitment, draw.result
    if said is None:
        return
    number = chain.round_of_draw(said.closed_at, draw.opening.delay_s)
    if said.beacon_round != number:
        fault("WRONG-ROUND", f"round {number} decides this draw, not {said.beacon_round}")
    if said.beacon_time != chain.time_of(number):
        fault("WRONG-ROUND", f"round {number} appears at {chain.time_of(number)}, not at {said.beacon_time}")
    if chain.time_of(said.fresh_round) < said.closed_at - chain.period:
        fault("WRONG-ROUND", f"the commitment's fresh round {said.fresh_round} is older than the closing")
    if result and result.round != number:
        fault("WRONG-ROUND", f"the result is by round {result.round}, not {number}")
    if result and result.at < said.beacon_time:
        fault("WRONG-ROUND", "the result is dated before its round")


def check_dated(draw: Draw, kind: type[OfDraw], code: str, latest: Callable[[Placed], int]) -> None:
    """Raises the code for a leaf of a kind that is dated later than it can be."""
    for leaf in draw.leaves:
        at = getattr(leaf.says, "at", 0)
        if isinstance(leaf.says, kind) and at > latest(leaf):
            fault(code, f"a {kind.__name__.lower()} is dated {at}, but was there by {latest(leaf)} at the latest")


def check_order_of_commitment(draw: Draw, chain: Chain) -> None:
    """Raises LATE-COMMIT."""
    if draw.commitment is None or draw.committed is None:
        if draw.result:
            fault("LATE-COMMIT", "there is a result, but no commitment")
        return
    deadline = draw.deadline(chain.time_of(draw.commitment.beacon_round))
    fresh = chain.time_of(draw.commitment.fresh_round)
    if fresh >= deadline:
        fault("LATE-COMMIT", f"the commitment knows a round of {fresh}; its deadline was {deadline}")
    if draw.decided and draw.decided.index < draw.committed.index:
        fault("LATE-COMMIT", "the commitment lies in the log after the result")


def check_beacons(draw: Draw, chain: Chain) -> None:
    """Raises BAD-BEACON."""
    said, result = draw.commitment, draw.result
    if said and not chain.has_signed(said.fresh_round, said.fresh_signature):
        fault("BAD-BEACON", f"the chain did not sign round {said.fresh_round} as the commitment has it")
    if result and not chain.has_signed(result.round, result.signature):
        fault("BAD-BEACON", f"the chain did not sign round {result.round} as the result has it")
    forfeits = [leaf.says for leaf in draw.leaves if isinstance(leaf.says, Forfeit)]
    for number, signature in {(forfeit.fresh_round, forfeit.fresh_signature): None for forfeit in forfeits}:
        if not chain.has_signed(number, signature):
            fault("BAD-BEACON", f"the chain did not sign round {number} as a forfeit has it")


def seed_of(commit_hash: bytes, chain_hash: bytes, number: int, signature: bytes) -> bytes:
    randomness = _sha256(signature).digest()
    return _sha256(SEED + commit_hash + chain_hash + number.to_bytes(8, "big") + randomness).digest()


def blocks(seed: bytes) -> Iterator[int]:
    """The stream of a seed: integers of 256 bits."""
    counter = 0
    while True:
        yield int.from_bytes(_sha256(seed + counter.to_bytes(4, "big")).digest(), "big")
        counter += 1


def below(stream: Iterator[int], n: int) -> int:
    """Without bias: a block beyond the largest multiple of n is passed over."""
    most = (1 << 256) - (1 << 256) % n
    return next(block for block in stream if block < most) % n


def picked(seed: bytes, entries: int) -> Iterator[int]:
    """Forward Fisher–Yates over 0 … entries − 1, as far as it is asked for."""
    stream = blocks(seed)
    places: dict[int, int] = {}
    for i in range(entries):
        j = i + below(stream, entries - i)
        here = places.pop(i, i)
        yield here if j == i else places.get(j, j)
        if j != i:
            places[j] = here


@dataclass(frozen=True, slots=True)
class Picks:
    """Who wins and who follows, computed."""

    winners: tuple[int, ...]
    reserves: tuple[int, ...]


def picks_of(draw: Draw) -> Picks | None:
    """Computed from the commitment and the round's signature, as many as the result names and one more; None before
    a result."""
    said, result = draw.commitment, draw.result
    if said is None or result is None or draw.committed is None:
        return None
    order = picked(seed_of(draw.committed.hash, said.beacon_chain, result.round, result.signature), said.entries)
    winners = tuple(islice(order, min(said.winners, said.entries, len(result.winners) + 1)))
    eligible = said.entries - said.totals.house - sum(draw.kind_at(index) != "house" for index in winners)
    following = (index for index in order if draw.kind_at(index) != "house")
    wanted = max(0, min(said.reserves, eligible, len(result.reserves) + 1))
    return Picks(winners, tuple(islice(following, wanted)))


def check_winners(draw: Draw, picks: Picks) -> None:
    """Raises WRONG-WINNERS."""
    result, committed = draw.result, draw.committed
    if result is None or committed is None:
        return
    if result.commit_hash != committed.hash:
        fault("WRONG-WINNERS", "the result is of another commitment")
    if tuple(winner.index for winner in result.winners) != picks.winners:
        fault("WRONG-WINNERS", f"the seed picks {_shown(picks.winners)}")


def check_reserves(draw: Draw, picks: Picks) -> None:
    """Raises WRONG-RESERVES."""
    if draw.result and draw.result.reserves != picks.reserves:
        fault("WRONG-RESERVES", f"the seed picks as reserves {_shown(picks.reserves) or 'nobody'}")


def _shown(indices: Sequence[int]) -> str:
    return ", ".join(str(FIRST_SHOWN + index) for index in indices[:20]) + (" …" if len(indices) > 20 else "")


def check_forfeits_waited(draw: Draw, chain: Chain) -> None:
    """Raises EARLY-FORFEIT. Who forfeits without a prize is told by `check_replacements`."""
    if draw.result is None:
        return
    since = dict.fromkeys((winner.index for winner in draw.result.winners), draw.result.at)
    for leaf in draw.leaves:
        if not isinstance(leaf.says, Forfeit) or leaf.says.index not in since:
            continue
        ended = since.pop(leaf.says.index) + draw.opening.claim_days * DAY_S
        proven = chain.time_of(leaf.says.fresh_round)
        if min(leaf.says.at, proven) < ended:
            fault("EARLY-FORFEIT", f"{_shown([leaf.says.index])} had {draw.opening.claim_days} days to claim")
        since.update((opened.index, max(leaf.says.at, proven)) for opened in leaf.says.replacement)


def check_replacements(draw: Draw) -> None:
    """Raises WRONG-REPLACEMENT: each prize has one holder at a time, and moves only to the next reserve."""
    decided = draw.decided.index if draw.decided else None
    holders = {winner.index for winner in draw.result.winners} if draw.result else set()
    reserves = list(draw.result.reserves) if draw.result else []
    for leaf in draw.leaves:
        if not isinstance(leaf.says, Forfeit | Delivery):
            continue
        if decided is None or leaf.index < decided or leaf.says.index not in holders:
            fault("WRONG-REPLACEMENT", f"{_shown([leaf.says.index])} held no prize")
        holders.remove(leaf.says.index)
        if isinstance(leaf.says, Forfeit):
            following = tuple(opened.index for opened in leaf.says.replacement)
            if following != tuple(reserves[:1]):
                fault("WRONG-REPLACEMENT", f"the next reserve is {_shown(reserves[:1]) or 'nobody'}")
            holders.update(following)
            del reserves[:1]


def check_void(draw: Draw, chain: Chain, seen_by: Callable[[int], bool]) -> None:
    """Raises INVALID-VOID; `seen_by` tells whether a quorum had seen the void leaf by a second."""
    if draw.void is None:
        return
    if draw.result:
        fault("INVALID-VOID", "the draw has a result, and was voided none the less")
    if draw.void.reason == "undersold":
        _check_undersold(draw, draw.void)
        return
    by = void_deadline(draw, chain)
    if by is not None and draw.void.at > by:
        fault("INVALID-VOID", f"the draw was voided at {draw.void.at}; until {by} it could be")
    if by is not None and not seen_by(by):
        fault("INVALID-VOID", f"no quorum of witnesses saw the void by {by}")


def void_deadline(draw: Draw, chain: Chain) -> int | None:
    """By when a quorum must have seen the void; None when there was nothing that anybody could foresee."""
    if draw.void is None or draw.void.reason == "undersold":
        return None
    round_time = draw.round_time(chain)
    return None if round_time is None else draw.deadline(round_time)


def _check_undersold(draw: Draw, void: Void) -> None:
    opening = draw.opening
    is_short = draw.sold == 0 or (opening.capacity > 0 and not draw.is_full())
    if draw.commitment or not opening.closes_at or not is_short:
        fault("INVALID-VOID", "the draw was voided as undersold, but it was not")
    if void.at < opening.closes_at:
        fault("INVALID-VOID", "the draw was voided as undersold before it closed")


# ---------------------------------------------------------------- the archive


@dataclass(frozen=True, slots=True)
class Proven:
    """A leaf of the manifest, with its proof."""

    index: Whole
    leaf: Words
    proof: Annotated[tuple[bytes, ...], array_of(based)]


@dataclass(frozen=True, slots=True)
class Witnessed:
    """The checkpoint that a quorum had seen early."""

    checkpoint: Annotated[Checkpoint, checkpoint_of]
    consistency: Annotated[tuple[bytes, ...], array_of(based)]


def _perhaps_witnessed(value: Any, name: str) -> Witnessed | None:
    return None if value == {} else read(Witnessed, value, name)


@dataclass(frozen=True, slots=True)
class Manifest:
    format: Annotated[str, one_of("mingsuan/draw-bundle/v1")]
    leaves: Annotated[tuple[Proven, ...], array_of(record(Proven))]
    checkpoint: Annotated[Checkpoint, checkpoint_of]
    witnessed: Annotated[Witnessed | None, _perhaps_witnessed]


_END = struct.Struct("<4s4H2LH")
_LISTED = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_WIDE = struct.Struct("<2H2Q")
_LIST_BYTES = 4096
_MEMBERS = {"manifest.json", "rules.txt", "tickets.bin"}


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of the archive's list; `at` is where its local header stands."""

    name: str
    form: tuple[int, int]
    crc: int
    size: int
    at: int


class Archive:
    """The members of a bundle: a ZIP archive in its one plain form, read here so that there is one way to read it.

    The tickets are read in pieces, never as a whole.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        listed, ends = self._listed()
        names = [member.name for member in listed]
        for name in names:
            _check_brings_nothing(name, f"a member {name[:80]!r}")
        if len(set(names)) != len(names) or not {"manifest.json", "rules.txt"} <= set(names):
            malformed("a member of the bundle is missing, or comes twice")
        if odd := set(names) - _MEMBERS:
            malformed(f"the bundle has members too many: {', '.join(sorted(odd))[:200]!r}")
        self._content: dict[str, tuple[int, Member]] = {}
        at = 0
        for member in listed:
            start = self._start(member, at)
            self._content[member.name] = start, member
            at = start + member.size
        if at != ends:
            malformed("the members of the archive do not fill it")
        tickets = self._content.get("tickets.bin")
        self.tickets_bytes = tickets[1].size if tickets else None

    def _listed(self) -> tuple[list[Member], int]:
        """The archive's list, and where it begins."""
        size = self._file.seek(0, 2)
        if size < _END.size:
            malformed("the bundle is no ZIP archive")
        sign, disk, of_disk, here, count, length, at, comment = _END.unpack(self._read(size - _END.size, _END.size))
        if sign != b"PK\5\6" or comment or disk or of_disk or here != count:
            malformed("the bundle is no ZIP archive of one part that ends without a comment")
        if at + length != size - _END.size or length > _LIST_BYTES:
            malformed("the archive's list is not where its end says, or too long")
        content, members, done = self._read(at, length), [], 0
        for _ in range(count):
            member, done = _member(content, done)
            members.append(member)
        if done != length:
            malformed("the archive's list holds more than its members")
        return members, at

    def _start(self, member: Member, at: int) -> int:
        """Where the content begins of a member whose local header is here, and says the same as the list."""
        name = member.name.encode()
        header = self._read(at, _LOCAL.size + len(name))
        sign, _, flags, method, _, _, crc, packed, size, length, extra = _LOCAL.unpack(header[: _LOCAL.size])
        if member.at != at or sign != b"PK\3\4" or length != len(name) or header[_LOCAL.size :] != name:
            malformed(f"{member.name} is not where the archive's list says")
        start: int = at + len(header) + extra
        if extra == _WIDE.size and packed == size == 0xFFFFFFFF:
            kind, bytes_of, size, packed = _WIDE.unpack(self._read(at + len(header), extra))
            extra = 0 if (kind, bytes_of) == (1, 16) else extra
        if extra or ((flags, method), crc) != (member.form, member.crc) or not packed == size == member.size:
            malformed(f"{member.name} is told otherwise in the archive's list than where it stands")
        return start

    def _read(self, at: int, count: int) -> bytes:
        self._file.seek(at)
        content = self._file.read(count)
        if len(content) != count:
            malformed("the archive ends too early")
        return content

    def small(self, name: str, most: int) -> bytes:
        """A whole member of at most so many bytes."""
        if self._content[name][1].size > most:
            malformed(f"{name} is too large")
        return b"".join(self._pieces(name, 1 << 20))

    def tickets(self, piece: int) -> Iterator[bytes]:
        return self._pieces("tickets.bin", piece)

    def _pieces(self, name: str, size: int) -> Iterator[bytes]:
        at, member = self._content[name]
        crc, ends = 0, at + member.size
        while at < ends:
            piece = self._read(at, min(size, ends - at))
            crc, at = zlib.crc32(piece, crc), at + len(piece)
            yield piece
        if crc != member.crc:
            malformed(f"{name} is damaged")


def _member(content: bytes, at: int) -> tuple[Member, int]:
    """The entry of the archive's list that begins here, and where the next one begins. Raises FORMAT."""
    if at + _LISTED.size > len(content):
        malformed("the archive's list ends too early")
    header = _LISTED.unpack(content[at : at + _LISTED.size])
    sign, _, _, flags, method, _, _, crc, packed, size, length, extra, comment, disk, _, _, local = header
    end = at + _LISTED.size + length
    try:
        name = content[at + _LISTED.size : end].decode()
    except UnicodeDecodeError:
        malformed("a member of the archive has no name")
    if sign != b"PK\1\2" or end > len(content) or extra or comment or disk:
        malformed("the archive's list is not in its plain form")
    if method or flags & ~0x800 or packed != size or size == 0xFFFFFFFF:
        malformed(f"{name[:80]!r} is compressed, encrypted or larger than can be")
    return Member(name, (flags, method), crc, size, local), end


def _check_brings_nothing(name: str, what: str) -> None:
    name = name.lower()
    if any(word in name for word in ("key", "policy")) or name in ("log", "witnesses", "quorum", "chains"):
        fault("BROUGHT-KEYS", f"the bundle brings {what}: keys come from the policy alone")


_BRACKETS = 20_000
"""A manifest of the form has fewer, but for one in ten bytes: more are only there to fill the memory of a reader."""


def manifest_of(content: bytes) -> Manifest:
    """Raises FORMAT or BROUGHT-KEYS."""
    if content.count(b"[") + content.count(b"{") > len(content) // 10 + _BRACKETS:
        malformed("manifest.json is made of brackets")
    value = parsed(content, "manifest.json")
    for name in value if isinstance(value, dict) else ():
        _check_brings_nothing(name, f"a field {name[:80]!r}")
    check_canonical(value, content, "manifest.json")
    return read(Manifest, value, "manifest.json")


def check_tickets_given(archive: Archive, draw: Draw) -> None:
    """Raises TICKETS-WITHHELD, or FORMAT for tickets before a commitment."""
    said = draw.commitment
    if said is None:
        if archive.tickets_bytes is not None:
            malformed("there are tickets, but no commitment to them")
        return
    if archive.tickets_bytes is None:
        fault("TICKETS-WITHHELD", "the tickets are missing: nobody can tell who could have won")
    if archive.tickets_bytes != 32 * said.entries:
        fault("TICKETS-WITHHELD", f"there are {archive.tickets_bytes} bytes of {said.entries} tickets of 32")
    whole_file = _sha256()
    for piece in archive.tickets(1 << 20):
        whole_file.update(piece)
    if whole_file.digest() != said.tickets_sha256:
        fault("TICKETS-WITHHELD", "these are not the tickets that were committed")


class EntryHasher:
    """Recomputes the draw's tree and each batch's from the tickets, and keeps the tickets that are asked for."""

    def __init__(self, draw: Draw, keep: set[int]) -> None:
        self._prefix = b"\0" + ENTRY + draw.opening.draw_id
        self._batches = iter(draw.batches)
        self._batch: Batch | None = next(self._batches, None)
        self._in_batch = Tree()
        self._all = Tree()
        self._keep = sorted(keep)
        self.kept: dict[int, bytes] = {}
        self.wrong_batch: Batch | None = None

    def feed(self, tickets: bytes) -> None:
        """The next tickets, as many as there are whole."""
        start, count, prefix, sha256 = self._all.size, len(tickets) // 32, self._prefix, _sha256
        hashes = [
            sha256(prefix + (start + i).to_bytes(8, "big") + tickets[32 * i : 32 * i + 32]).digest()
            for i in range(count)
        ]
        first, last = bisect_left(self._keep, start), bisect_left(self._keep, start + count)
        for index in self._keep[first:last]:
            self.kept[index] = tickets[32 * (index - start) : 32 * (index - start) + 32]
        self._all.extend(hashes)
        self._into_batches(hashes)

    def _into_batches(self, hashes: list[bytes]) -> None:
        done = 0
        while self._batch is not None and done < len(hashes):
            part = hashes[done : done + self._batch.count - self._in_batch.size]
            self._in_batch.extend(part)
            done += len(part)
            if self._in_batch.size == self._batch.count:
                if self.wrong_batch is None and self._in_batch.root() != self._batch.root:
                    self.wrong_batch = self._batch
                self._batch, self._in_batch = next(self._batches, None), Tree()

    def root(self) -> bytes:
        return self._all.root()


# ---------------------------------------------------------------- receipts


@dataclass(frozen=True, slots=True)
class Receipt:
    type: Annotated[str, one_of("draw-receipt/v1")]
    draw_id: Id
    first: Whole
    count: Positive
    kind: Annotated[str, one_of(*KINDS)]
    user_ref: Hash
    nonce: Hash
    at: Whole
    merge_delay_s: Annotated[int, lambda value, name: exactly(MERGE_DELAY_S, value, name)]

    def ticket(self, index: int) -> bytes:
        nonce = _sha256(self.nonce + index.to_bytes(8, "big")).digest()
        return Opened(index, self.user_ref, nonce).ticket(self.draw_id)


@dataclass(frozen=True, slots=True)
class _SignedReceipt:
    receipt: Annotated[Mapping[str, Any], lambda value, _: value]
    key: Words
    signature: Annotated[bytes, based]


def receipt_of(content: bytes, log: Key) -> Receipt:
    """Raises WRONG-RECEIPT."""
    try:
        signed = read(_SignedReceipt, parsed(content, "the receipt"), "the receipt")
        receipt = read(Receipt, signed.receipt, "the receipt")
        message = RECEIPT + canonical(signed.receipt)
    except (FaultError, ValueError) as error:
        raise FaultError("WRONG-RECEIPT", str(error)) from None
    if not log.signed(signed.signature, message):
        fault("WRONG-RECEIPT", "the receipt is not signed by the pinned log")
    return receipt


def check_receipt_placed(receipt: Receipt, draw: Draw, seen_at: int | None) -> None:
    """Raises WRONG-RECEIPT; `seen_at` is when a quorum had seen all leaves."""
    if receipt.draw_id != draw.opening.draw_id:
        fault("WRONG-RECEIPT", "the receipt is of another draw")
    end = receipt.first + receipt.count
    for batch in draw.batches:
        first, last = max(receipt.first, batch.first), min(end, batch.first + batch.count)
        if first < last:
            _check_receipt_in(receipt, batch, first, last)
    told = [leaf.says.at for leaf in draw.leaves if isinstance(leaf.says, Batch | Result | Void)]
    latest = max(*told, seen_at or 0, 0, 0)
    if draw.sold < end and (draw.commitment is not None or latest >= receipt.at + receipt.merge_delay_s):
        fault("WRONG-RECEIPT", "the log was to hold these entries by now, and does not")


def _check_receipt_in(receipt: Receipt, batch: Batch, first: int, last: int) -> None:
    if batch.at != receipt.at:
        fault("WRONG-RECEIPT", f"the receipt is of {receipt.at}, but its batch of {batch.at}")
    start, end = first - batch.first, last - batch.first
    if batch.runs.kind_at(start) != receipt.kind or bisect_right(batch.runs.ends, start) != bisect_right(
        batch.runs.ends, end - 1
    ):
        fault("WRONG-RECEIPT", f"the log has these entries as another kind than {receipt.kind}")


# ---------------------------------------------------------------- all of it, in the order of the verdicts


@dataclass(frozen=True, slots=True)
class Given:
    """What is verified, and by what. `now` is in seconds since 1970."""

    bundle: IO[bytes]
    policy: Policy
    now: int
    receipt: bytes | None = None
    seen: tuple[Checkpoint, ...] = ()


State = Literal["passed", "failed", "absent", "not reached"]


@dataclass(frozen=True, slots=True)
class Step:
    """One check as it is told; `absent` when there was nothing to check."""

    words: str
    state: State


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Check:
    """One check as it is run, and whether there is anything to check once it passed."""

    words: str
    run: Callable[[], None]
    applies: Callable[[], bool] = _always


def run_all(checks: Sequence[Check]) -> tuple[tuple[Step, ...], FaultError | None]:
    """Runs checks in their order up to the first that fails."""
    steps: list[Step] = []
    failed: FaultError | None = None
    for check in checks:
        state: State = "not reached"
        if failed is None:
            try:
                check.run()
                state = "passed" if check.applies() else "absent"
            except FaultError as error:
                failed, state = error, "failed"
            except OSError:
                raise
            except Exception as error:  # noqa: BLE001  (no bundle brings a verifier down)
                failed, state = FaultError("FORMAT", f"this cannot be verified: {type(error).__name__}"), "failed"
        steps.append(Step(check.words, state))
    return tuple(steps), failed


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict with what led to it; `facts` are what was proven of the draw."""

    code: str
    message: str
    steps: tuple[Step, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exit(self) -> int:
        return EXITS[self.code]


class Verification:
    """One bundle under verification: each step leaves behind what the following ones need."""

    def __init__(self, given: Given) -> None:
        self._given, self._policy = given, given.policy
        self._hasher: EntryHasher | None = None
        self._not_compared = 0
        self._picks: Picks | None = None

    def checks(self) -> tuple[Check, ...]:
        """In the order of the verdicts' table."""
        return (*self._of_the_log(), *self._of_the_entries(), *self._of_the_round(), *self._of_the_prizes())

    def _of_the_log(self) -> tuple[Check, ...]:
        return (
            Check("the bundle has its form and brings no keys", self._read),
            Check("the checkpoint is signed by the pinned log", self._check_log),
            Check("every leaf is where the log has it", self._check_inclusion),
            Check("the log was only added to since it was witnessed", self._check_consistency, self._is_witnessed),
            Check("checkpoints of these sizes that were seen elsewhere agree", self._check_seen, self._has_compared),
            Check("what pinned witnesses signed is true", self._check_witnesses, lambda: bool(self._newest_seen)),
            Check("there is one commitment at most", lambda: check_once(self._draw)),
            Check("rules and promises are those of the opening", self._check_rules),
        )

    def _of_the_entries(self) -> tuple[Check, ...]:
        there = self._is_committed
        return (
            Check("all tickets are there, as they were committed", self._check_tickets, there),
            Check("entries have no gaps and none comes twice", lambda: check_tiling(self._draw)),
            Check("each batch holds the tickets that were logged", self._check_batches, there),
            Check("the committed tree is that of the tickets", self._check_root, there),
            Check("free, house and paid entries are counted right", lambda: check_kinds(self._draw)),
            Check("the draw closed as it was to", self._check_closing),
        )

    def _of_the_round(self) -> tuple[Check, ...]:
        there = self._is_committed
        return (
            Check("the beacon is a pinned one", self._check_chain),
            Check("the round is the formula's", self._check_round, there),
            Check("the commitment came before its round", self._check_order, there),
            Check("the beacon signed its rounds", lambda: check_beacons(self._draw, self._chain), there),
            Check("the winners are those of the seed", self._check_winners, self._is_decided),
            Check("the reserves are those of the seed", self._check_reserves, self._is_decided),
        )

    def _of_the_prizes(self) -> tuple[Check, ...]:
        return (
            Check("opened tickets are those of the file", self._check_openings, self._is_decided),
            Check("nobody forfeited early", self._check_forfeits, lambda: self._draw.how_many(Forfeit) > 0),
            Check("prizes went to whom they belong", lambda: check_replacements(self._draw), self._has_given),
            Check("a void was in time", self._check_void, lambda: self._draw.void is not None),
            Check("the receipt agrees with the log", self._check_receipt, lambda: self._given.receipt is not None),
        )

    def _is_witnessed(self) -> bool:
        return self._manifest.witnessed is not None

    def _has_compared(self) -> bool:
        return len(self._given.seen) > self._not_compared

    def _is_committed(self) -> bool:
        return self._draw.commitment is not None

    def _is_decided(self) -> bool:
        return self._draw.result is not None

    def _has_given(self) -> bool:
        return self._draw.how_many(Forfeit) + self._draw.how_many(Delivery) > 0

    def _check_tickets(self) -> None:
        check_tickets_given(self._archive, self._draw)

    def _check_order(self) -> None:
        check_order_of_commitment(self._draw, self._chain)

    def _check_closing(self) -> None:
        check_closing(self._draw)
        check_dated(self._draw, Batch, "CLOSING", self._latest)

    def _check_round(self) -> None:
        check_round(self._draw, self._chain)
        check_dated(self._draw, Result, "WRONG-ROUND", self._latest)

    def _check_void(self) -> None:
        check_dated(self._draw, Void, "INVALID-VOID", self._latest)
        check_void(self._draw, self._chain, self._void_seen_by)

    def _read(self) -> None:
        self._archive = Archive(self._given.bundle)
        self._manifest = manifest_of(self._archive.small("manifest.json", MANIFEST_BYTES))
        self._rules = self._archive.small("rules.txt", RULES_BYTES)
        try:
            self._rules.decode()
        except UnicodeDecodeError:
            malformed("rules.txt is not UTF-8")
        placed: list[Placed] = []
        for place, proven in enumerate(self._manifest.leaves):
            text = proven.leaf.encode()
            says = leaf_of(text, f"leaf {place}")
            if isinstance(says, Seal) or (placed and proven.index <= placed[-1].index):
                malformed(f"leaf {place} is none of this draw, or out of the log's order")
            placed.append(Placed(proven.index, leaf_hash(text), says))
        self._draw = Draw(placed)

    def _check_log(self) -> None:
        check_log_signature(self._manifest.checkpoint, self._policy.log)
        if self._manifest.witnessed:
            check_log_signature(self._manifest.witnessed.checkpoint, self._policy.log)

    def _check_inclusion(self) -> None:
        checkpoint = self._manifest.checkpoint
        for leaf, proven in zip(self._draw.leaves, self._manifest.leaves, strict=True):
            if not is_included(leaf.index, checkpoint.size, leaf.hash, proven.proof, checkpoint.root):
                fault("NOT-IN-LOG", f"the log has another leaf at {leaf.index}, or the proof is wrong")

    def _check_consistency(self) -> None:
        witnessed, newest = self._manifest.witnessed, self._manifest.checkpoint
        if witnessed is None:
            return
        old = witnessed.checkpoint
        if not is_extended(old.size, newest.size, old.root, newest.root, witnessed.consistency):
            fault("INCONSISTENT", f"the log of {newest.size} leaves does not begin with that of {old.size}")

    def _check_seen(self) -> None:
        own = [self._manifest.checkpoint]
        if self._manifest.witnessed:
            own.append(self._manifest.witnessed.checkpoint)
        sizes = {each.size for each in own}
        self._not_compared = sum(seen.size not in sizes for seen in self._given.seen)
        for seen in self._given.seen:
            if any(each.size == seen.size and each.root != seen.root for each in own):
                fault("SPLIT-VIEW", f"elsewhere the log of {seen.size} leaves was shown with another root")

    def _check_witnesses(self) -> None:
        self._newest_seen = sights(self._manifest.checkpoint, self._policy)
        witnessed = self._manifest.witnessed
        self._early_seen = sights(witnessed.checkpoint, self._policy) if witnessed else []

    def _seen_at(self) -> int | None:
        """When a quorum had seen the newest checkpoint."""
        times = sorted(sight.at for sight in self._newest_seen)
        return times[self._policy.quorum - 1] if len(times) >= self._policy.quorum else None

    def _latest(self, leaf: Placed) -> int:
        """The latest second that a leaf can be dated: when a quorum had seen it, or now, and a leeway for clocks."""
        first: dict[bytes, int] = {}
        witnessed = self._manifest.witnessed
        early = (witnessed.checkpoint.size, self._early_seen) if witnessed else (0, [])
        for size, seen in ((self._manifest.checkpoint.size, self._newest_seen), early):
            for sight in seen if size > leaf.index else ():
                key = sight.witness.key.public
                first[key] = min(sight.at, first.get(key, sight.at))
        times = sorted(first.values())[self._policy.quorum - 1 :]
        return min([self._given.now, *times[:1]]) + CLOCKS_DIFFER_S

    def _early(self, leaf: Placed, by: int) -> list[Sight]:
        """Witnesses that had seen a leaf by a second, and not before what it builds on was there."""
        witnessed, commitment = self._manifest.witnessed, self._draw.commitment
        holds = witnessed is not None and witnessed.checkpoint.size > leaf.index
        since = self._chain.time_of(commitment.fresh_round) - CLOCKS_DIFFER_S if commitment else 0
        return [sight for sight in self._early_seen if holds and since <= sight.at <= by]

    def _void_seen_by(self, second: int) -> bool:
        """Without as many pinned witnesses as a quorum nobody can tell: the verdict says so."""
        if len(self._policy.witnesses) < self._policy.quorum:
            return True
        voided = self._draw.voided
        return voided is not None and len(self._early(voided, second)) >= self._policy.quorum

    def _check_rules(self) -> None:
        check_promises(self._draw)
        check_rules_text(self._draw, self._rules)

    def _check_batches(self) -> None:
        if self._draw.commitment is None:
            return
        self._hasher = EntryHasher(self._draw, self._wanted())
        for piece in self._archive.tickets(32 * _CHUNK):
            self._hasher.feed(piece)
        if self._hasher.wrong_batch:
            first = self._hasher.wrong_batch.first
            fault("BATCH-ROOT", f"the batch from entry {first} on was logged with other tickets, or in another order")

    def _wanted(self) -> set[int]:
        """Entries whose tickets somebody lays open."""
        wanted = {opened.index for opened in self._opened()}
        if self._given.receipt is not None:
            receipt = _perhaps_receipt(self._given.receipt, self._policy.log)
            wanted.update(range(receipt.first, min(receipt.first + receipt.count, self._draw.sold)) if receipt else ())
        return wanted

    def _opened(self) -> list[Opened]:
        opened = list(self._draw.result.winners) if self._draw.result else []
        for leaf in self._draw.leaves:
            if isinstance(leaf.says, Forfeit):
                opened += leaf.says.replacement
        return opened

    def _check_root(self) -> None:
        if self._hasher and self._draw.commitment and self._hasher.root() != self._draw.commitment.entries_root:
            fault("ENTRIES-ROOT", "the tickets are not the entries that were committed")

    def _check_chain(self) -> None:
        self._chain = pinned_chain(self._draw, self._policy)

    def _check_winners(self) -> None:
        self._picks = picks_of(self._draw)
        if self._picks:
            check_winners(self._draw, self._picks)

    def _check_reserves(self) -> None:
        if self._picks:
            check_reserves(self._draw, self._picks)

    def _check_openings(self) -> None:
        for opened in self._opened() if self._hasher else ():
            if self._hasher and self._hasher.kept.get(opened.index) != opened.ticket(self._draw.opening.draw_id):
                fault("BAD-OPENING", f"what opens {_shown([opened.index])} does not give its ticket")

    def _check_forfeits(self) -> None:
        check_dated(self._draw, Forfeit, "EARLY-FORFEIT", self._latest)
        check_forfeits_waited(self._draw, self._chain)

    def _check_receipt(self) -> None:
        if self._given.receipt is None:
            return
        receipt = receipt_of(self._given.receipt, self._policy.log)
        check_receipt_placed(receipt, self._draw, self._seen_at())
        if self._hasher is None:
            return
        for index in range(receipt.first, receipt.first + receipt.count):
            if self._hasher.kept.get(index) != receipt.ticket(index):
                fault("WRONG-RECEIPT", f"the ticket file has another ticket for {_shown([index])}")

    def verdict(self) -> tuple[str, str]:
        """Once every step has passed."""
        draw, now = self._draw, self._given.now
        if draw.void and draw.voided:
            return self._verdict_on_void(draw.void, draw.voided)
        round_time = draw.round_time(self._chain)
        if draw.commitment is None or draw.committed is None or draw.result is None or round_time is None:
            if round_time is not None and now > round_time:
                return "OVERDUE", f"its round appeared at {round_time}, and there is no result"
            return "OPEN", "what there is holds; the result is still to come"
        early = self._early(draw.committed, draw.deadline(round_time))
        if len(early) < self._policy.quorum:
            return "VALID-UNTIMED", "all holds, but no quorum of witnesses saw the commitment before its round"
        if self._is_test(early):
            return "TEST", "all holds, but with a beacon or witness that is a test"
        return (
            "VALID",
            f"all holds; whether the log has more of this draw or its prize, verify-log tells{self._unseen()}",
        )

    def _verdict_on_void(self, void: Void, voided: Placed) -> tuple[str, str]:
        told, by = f"voided ({void.reason}): {void.words[:_TOLD]}", void_deadline(self._draw, self._chain)
        if by is None:
            return "VOID", told
        early = self._early(voided, by)
        if len(early) < self._policy.quorum:
            return "VOID-UNTIMED", f"no witness is pinned that could have seen it in time; {told}"
        if self._is_test(early):
            return "TEST", f"with a beacon or witness that is a test; {told}"
        return "VOID", told

    def _is_test(self, early: Sequence[Sight]) -> bool:
        return self._chain.test or sum(not sight.witness.test for sight in early) < self._policy.quorum

    def _unseen(self) -> str:
        """What nobody but the log's keeper has signed, in words."""
        witnessed = self._manifest.witnessed
        if witnessed is None or self._seen_at() is not None:
            return ""
        return f"; no quorum has seen what follows its first {witnessed.checkpoint.size} leaves"

    def facts(self) -> dict[str, Any]:
        """Of a draw that passed: what an auditor writes down."""
        draw = self._draw
        known: dict[str, Any] = {"draw_id": draw.opening.draw_id.hex(), "number": draw.opening.number}
        known |= {"prize": draw.opening.prize.name[:_TOLD], "entries": draw.sold}
        known |= {"checkpoint": self._manifest.checkpoint.size}
        if self._not_compared:
            known |= {"checkpoints_not_compared": f"{self._not_compared}, of other sizes: verify-log compares them"}
        if draw.commitment and draw.committed:
            totals = draw.commitment.totals
            known |= {"commit_hash": draw.committed.hash.hex(), "closed_at": draw.commitment.closed_at}
            known |= {"free": totals.free, "house": totals.house, "paid": totals.paid}
            known |= {"round": draw.commitment.beacon_round, "round_time": draw.commitment.beacon_time}
        if self._picks:
            known |= {"winners": [FIRST_SHOWN + index for index in self._picks.winners]}
            known |= {"reserves": [FIRST_SHOWN + index for index in self._picks.reserves]}
        return known


def _perhaps_receipt(content: bytes, log: Key) -> Receipt | None:
    try:
        return receipt_of(content, log)
    except FaultError:
        return None  # told in its own step


def verify(given: Given) -> Outcome:
    """Runs the checks in the verdicts' order and stops at the first that fails; a bad bundle raises nothing."""
    verification = Verification(given)
    steps, failed = run_all(verification.checks())
    if failed is not None:
        return Outcome(failed.code, str(failed), steps)
    code, message = verification.verdict()
    return Outcome(code, message, steps, verification.facts())


# ---------------------------------------------------------------- the command

_TOLD = 500
"""Signs of a text of the bundle that are shown."""


def shown(text: str) -> str:
    """A text on one line of a terminal that it cannot change: signs that are not printed are written as escapes."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def seen_of(content: bytes, log: Key) -> Checkpoint:
    """A checkpoint that the log showed elsewhere. Raises USAGE when the log never signed it."""
    try:
        checkpoint = checkpoint_of(content.decode(), "the checkpoint that was seen")
        check_log_signature(checkpoint, log)
    except (FaultError, UnicodeDecodeError) as error:
        raise FaultError("USAGE", str(error)) from None
    return checkpoint


def verify_files(
    bundle: Path, policy: Path, receipt: Path | None = None, seen: Sequence[Path] = (), now: int | None = None
) -> Outcome:
    """As the command does. A file that cannot be read is USAGE."""
    try:
        pinned, elsewhere = pinned_of(policy, seen)
        evidence = _content(receipt) if receipt else None
        with bundle.open("rb") as file:
            return verify(Given(file, pinned, int(time.time()) if now is None else now, evidence, elsewhere))
    except OSError as error:
        return Outcome("USAGE", f"{error.filename}: {error.strerror}", ())
    except FaultError as error:
        return Outcome(error.code, str(error), ())


def pinned_of(policy: Path, seen: Sequence[Path]) -> tuple[Policy, tuple[Checkpoint, ...]]:
    """What a verifier brings along. Raises USAGE, or OSError for a file that cannot be read."""
    pinned = policy_of(_content(policy))
    return pinned, tuple(seen_of(_content(each), pinned.log) for each in seen)


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(SMALL_BYTES + 1)
    if len(content) > SMALL_BYTES:
        fault("USAGE", f"{path} is too large")
    return content


def lines_of(outcome: Outcome) -> Iterator[str]:
    """The outcome for people, the verdict first; nothing of a bundle can write lines of its own."""
    yield shown(f"{outcome.code} (exit {outcome.exit}): {outcome.message}")
    signs = {"passed": "✓", "failed": "✗", "absent": "–", "not reached": "·"}
    for step in outcome.steps:
        yield f"{signs[step.state]} {step.words}"
    for name, value in outcome.facts.items():
        yield shown(f"  {name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")


def any_terminal(output: TextIO) -> None:
    """Letters that a terminal lacks are written as escapes."""
    if isinstance(output, io.TextIOWrapper):
        output.reconfigure(errors="backslashreplace")


def json_of(outcome: Outcome) -> str:
    """The outcome for programs, on one line of ASCII."""
    return json.dumps(
        {
            "verdict": outcome.code,
            "exit": outcome.exit,
            "message": outcome.message,
            "steps": [{"words": step.words, "state": step.state} for step in outcome.steps],
            "facts": outcome.facts,
            "version": VERSION,
        }
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code says the verdict."""
    parser = argparse.ArgumentParser(
        prog="draw_verifier", description="Verify the bundle of a prize draw, offline; the exit code says the verdict."
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument("--policy", type=Path, required=True, help="pinned keys of log, witnesses and beacons")
    parser.add_argument("--receipt", type=Path, help="a receipt that the draw must hold")
    parser.add_argument("--seen", type=Path, action="append", default=[], help="a checkpoint that was seen elsewhere")
    parser.add_argument("--now", type=int, help="seconds since 1970, instead of this machine's clock")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    given = parser.parse_args(arguments)
    outcome = verify_files(given.bundle, given.policy, given.receipt, given.seen, given.now)
    lines = [json_of(outcome)] if given.json else list(lines_of(outcome))
    any_terminal(sys.stdout)
    sys.stdout.write("\n".join(lines) + "\n")
    return outcome.exit


if __name__ == "__main__":
    sys.exit(main())
