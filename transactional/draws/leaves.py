"""What each leaf of the public log says, as the text that is hashed; docs/draw-bundle.md lists the fields. Pure.

The verifiers share none of this code, on purpose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from transactional import merkle
from transactional.canonical_json import canonical
from transactional.draws.rules import ALGORITHM

MOST_BYTES = 65_535
"""Entries of a tiled log carry their length in two bytes."""
Runs = Sequence[tuple[str, int]]
"""Kinds of entries in their order, neighbours of one kind joined."""


class LeafTooLongError(ValueError):
    """The text of a leaf does not fit into the log."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is promised before the first entry; the field names are those of the leaf."""

    draw_id: UUID
    number: int
    opened_at: int
    mode: str
    prize_item: str
    prize_name: str
    prize_value_fen: int
    price_fen: int
    bundles: tuple[tuple[int, int], ...]
    currency: str
    capacity: int
    closes_at: int
    winners: int
    reserves: int
    delay_s: int
    chain_hash: str
    claim_days: int
    free_rule: str
    house_rule: str
    rules_sha256: bytes


@dataclass(frozen=True, slots=True)
class Commitment:
    """What fixes the entries before the deciding round; hashes as bytes."""

    draw_id: UUID
    open_hash: bytes
    closed_at: int
    entries: int
    entries_root: bytes
    tickets_sha256: bytes
    totals: Mapping[str, int]
    winners: int
    reserves: int
    rules_sha256: bytes
    chain_hash: str
    round_no: int
    round_time: int
    fresh_round: int
    fresh_signature: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket laid open: whoever has these can compute it."""

    index: int
    user_ref: bytes
    nonce: bytes

    def fields(self) -> dict[str, int | str]:
        """As a leaf has it."""
        return {"index": self.index, "user_ref": self.user_ref.hex(), "nonce": self.nonce.hex()}


def leaf_hash(body: str) -> bytes:
    """Of a leaf's text, as the log hashes it."""
    return merkle.leaf_hash(body.encode())


def opening(says: Opening) -> str:
    """Text of draw-open/v1. Raises LeafTooLongError."""
    return _text(
        "draw-open/v1",
        draw_id=says.draw_id.hex,
        number=says.number,
        opened_at=says.opened_at,
        mode=says.mode,
        prize={"item": says.prize_item, "name": says.prize_name, "value_fen": says.prize_value_fen},
        price_fen=says.price_fen,
        bundles=[list(pack) for pack in says.bundles],
        currency=says.currency,
        capacity=says.capacity,
        closes_at=says.closes_at,
        winners=says.winners,
        reserves=says.reserves,
        delay_s=says.delay_s,
        chain=says.chain_hash,
        claim_days=says.claim_days,
        free_rule=says.free_rule,
        house_rule=says.house_rule,
        rules_sha256=says.rules_sha256.hex(),
    )


def batch(draw_id: UUID, first: int, count: int, root: bytes, runs: Runs, at: int) -> str:
    """Text of draw-batch/v1. Raises LeafTooLongError."""
    return _text(
        "draw-batch/v1",
        draw_id=draw_id.hex,
        first=first,
        count=count,
        root=root.hex(),
        runs=[list(run) for run in runs],
        at=at,
    )


def commitment(says: Commitment) -> str:
    """Text of draw-commit/v1."""
    return _text(
        "draw-commit/v1",
        draw_id=says.draw_id.hex,
        open_hash=says.open_hash.hex(),
        closed_at=says.closed_at,
        entries=says.entries,
        entries_root=says.entries_root.hex(),
        tickets_sha256=says.tickets_sha256.hex(),
        totals={kind: says.totals.get(kind, 0) for kind in ("free", "house", "paid")},
        winners=says.winners,
        reserves=says.reserves,
        rules_sha256=says.rules_sha256.hex(),
        beacon_chain=says.chain_hash,
        beacon_round=says.round_no,
        beacon_time=says.round_time,
        fresh_round=says.fresh_round,
        fresh_signature=says.fresh_signature.hex(),
        algorithm=ALGORITHM,
    )


def result(
    draw_id: UUID,
    commit_hash: bytes,
    round_no: int,
    signature: bytes,
    winners: Sequence[Opened],
    reserves: Sequence[int],
    at: int,
) -> str:
    """Text of draw-result/v1. Raises LeafTooLongError."""
    return _text(
        "draw-result/v1",
        draw_id=draw_id.hex,
        commit_hash=commit_hash.hex(),
        round=round_no,
        signature=signature.hex(),
        winners=[winner.fields() for winner in winners],
        reserves=list(reserves),
        at=at,
    )


def forfeit(
    draw_id: UUID,
    index: int,
    reason: str,
    replacement: Opened | None,
    at: int,
    fresh_round: int,
    fresh_signature: bytes,
) -> str:
    """Text of draw-forfeit/v1; the fresh round appeared when the claim days were over, and proves that they are."""
    return _text(
        "draw-forfeit/v1",
        draw_id=draw_id.hex,
        index=index,
        reason=reason,
        replacement=[replacement.fields()] if replacement else [],
        at=at,
        fresh_round=fresh_round,
        fresh_signature=fresh_signature.hex(),
    )


def delivery(draw_id: UUID, index: int, how: str, at: int) -> str:
    """Text of draw-delivery/v1; `how` is code, parcel or hand."""
    return _text("draw-delivery/v1", draw_id=draw_id.hex, index=index, how=how, at=at)


def void(draw_id: UUID, reason: str, words: str, at: int) -> str:
    """Text of draw-void/v1."""
    return _text("draw-void/v1", draw_id=draw_id.hex, reason=reason, words=words, at=at)


def returned(draw_id: UUID, amount_fen: int, at: int) -> str:
    """Text of draw-returned/v1: stakes went back because the result was late."""
    return _text("draw-returned/v1", draw_id=draw_id.hex, reason="late", amount_fen=amount_fen, at=at)


def seal(seal_no: int, head: bytes) -> str:
    """Text of ledger-seal/v1."""
    return _text("ledger-seal/v1", seal_no=seal_no, head=head.hex())


def joined(kinds: Runs) -> list[tuple[str, int]]:
    """Runs with neighbours of one kind joined."""
    runs: list[tuple[str, int]] = []
    for kind, count in kinds:
        if runs and runs[-1][0] == kind:
            runs[-1] = (kind, runs[-1][1] + count)
        else:
            runs.append((kind, count))
    return runs


def _text(kind: str, **fields: object) -> str:
    text = canonical({"type": kind, **fields})
    if len(text) > MOST_BYTES:
        raise LeafTooLongError(f"a {kind} leaf of {len(text)} bytes does not fit into the log")
    return text.decode()
