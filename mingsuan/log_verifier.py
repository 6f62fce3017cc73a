"""Reads a whole log of draws, from a folder or over HTTP, and finds what no bundle can show.

That is a second commitment, a missing draw, tiles that do not agree, and another view of the log than was seen
elsewhere. What one draw says is judged by `draw_verifier`; who saw what in time only a draw's bundle tells.
"""

import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import httpx

from mingsuan.draw_verifier import (
    CHECKPOINT_BYTES,
    CLOCKS_DIFFER_S,
    LEAF_BYTES,
    Batch,
    Chain,
    Check,
    Checkpoint,
    Commitment,
    Draw,
    FaultError,
    Forfeit,
    Opening,
    Outcome,
    Placed,
    Policy,
    Result,
    Seal,
    Sight,
    Tree,
    Void,
    check_beacons,
    check_closing,
    check_dated,
    check_forfeits_waited,
    check_kinds,
    check_log_signature,
    check_once,
    check_order_of_commitment,
    check_promises,
    check_replacements,
    check_reserves,
    check_round,
    check_tiling,
    check_void,
    check_winners,
    checkpoint_of,
    fault,
    leaf_hash,
    leaf_of,
    malformed,
    picks_of,
    pinned_chain,
    run_all,
    sights,
    void_deadline,
)

WIDTH = 256
HASH = 32
TIMEOUT_S = 20
WHOLE_S = 120
"""A file of at most 16 MiB is there by then, or the log does not answer."""


class Source(Protocol):
    """Where a log's files are."""

    def read(self, path: str, most: int) -> bytes | None:
        """A file of at most so many bytes, or None when there is none. Raises OSError when it cannot be told."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A log that was copied."""

    folder: Path

    def read(self, path: str, most: int) -> bytes | None:
        try:
            with (self.folder / path).open("rb") as file:
                content = file.read(most + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        _check_size(content, path, most)
        return content


@dataclass(frozen=True, slots=True)
class Web:
    """A log as its shop serves it."""

    prefix: str
    client: httpx.Client

    def read(self, path: str, most: int) -> bytes | None:
        content, ends = bytearray(), time.monotonic() + WHOLE_S
        url, plain = f"{self.prefix.rstrip('/')}/{path}", {"Accept-Encoding": "identity"}
        try:
            with self.client.stream("GET", url, headers=plain, timeout=TIMEOUT_S) as answer:
                if answer.status_code in (404, 410):
                    return None
                answer.raise_for_status()
                if answer.headers.get("Content-Encoding", "identity") != "identity":
                    raise OSError(f"{self.prefix} sends {path} packed, which was not asked for")
                for piece in answer.iter_raw():  # what is packed none the less is no more than was counted
                    content += piece
                    _check_size(content, path, most)
                    if time.monotonic() > ends:
                        raise OSError(f"{self.prefix} did not send {path} in {WHOLE_S} s")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OSError(f"{self.prefix} did not answer for {path}: {error}") from None
        return bytes(content)


def _check_size(content: bytes | bytearray, path: str, most: int) -> None:
    if len(content) > most:
        fault("BAD-TILES", f"{path} is larger than it can be")


# ---------------------------------------------------------------- the tiles


def tile_path(level: str, number: int, width: int = WIDTH) -> str:
    """C2SP tlog-tiles: three digits a step, all but the last after an `x`."""
    low, groups = f"{number % 1000:03}", ""
    while number := number // 1000:
        groups = f"x{number % 1000:03}/{groups}"
    return f"tile/{level}/{groups}{low}" + (f".p/{width}" if width < WIDTH else "")


@dataclass(frozen=True, slots=True)
class Tiles:
    """What a source serves for a tree of a size. All raise BAD-TILES."""

    source: Source
    size: int

    def entries(self) -> Iterator[list[bytes]]:
        """The leaves, 256 at a time."""
        for number in range((self.size + WIDTH - 1) // WIDTH):
            width = min(WIDTH, self.size - number * WIDTH)
            content = self._tile("entries", number, width, WIDTH * (LEAF_BYTES + 2))
            yield _unframed(content, width, tile_path("entries", number, width))

    def check(self, level: int, number: int, hashes: Sequence[bytes]) -> None:
        """The served tile has these hashes."""
        content = self._tile(str(level), number, len(hashes), WIDTH * HASH)
        if content[: len(hashes) * HASH] != b"".join(hashes):
            fault("BAD-TILES", f"{tile_path(str(level), number, len(hashes))} is not made of the entries")

    def _tile(self, level: str, number: int, width: int, most: int) -> bytes:
        """The whole tile stands for the partial one that was there before it."""
        content = self.source.read(tile_path(level, number, width), most)
        if content is None and width < WIDTH:
            content = self.source.read(tile_path(level, number), most)
        if content is None:
            fault("BAD-TILES", f"{tile_path(level, number, width)} is missing")
        return content


def _unframed(content: bytes, width: int, path: str) -> list[bytes]:
    """Entries, each after its length in two bytes."""
    entries, at = [], 0
    for _ in range(width):
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        if at + 2 > len(content) or end > len(content):
            fault("BAD-TILES", f"{path} ends before its last entry")
        entries.append(content[at + 2 : end])
        at = end
    return entries


class Levels:
    """Checks each tile as soon as all that it is made of was read."""

    def __init__(self, tiles: Tiles) -> None:
        self._tiles = tiles
        self._rows: list[list[bytes]] = []
        self._done: list[int] = []

    def add(self, hash_: bytes, level: int = 0) -> None:
        """The next hash of a level."""
        if level == len(self._rows):
            self._rows.append([])
            self._done.append(0)
        row = self._rows[level]
        row.append(hash_)
        if len(row) == WIDTH:
            self._tiles.check(level, self._done[level], row)
            tree = Tree()
            tree.extend(row)
            self._done[level] += 1
            self._rows[level] = []
            self.add(tree.root(), level + 1)

    def finish(self) -> None:
        """The partial tiles at the right end."""
        for level, row in enumerate(self._rows):
            if row:
                self._tiles.check(level, self._done[level], row)


# ---------------------------------------------------------------- the log


@dataclass(frozen=True, slots=True)
class GivenLog:
    """What is verified, and by what. `now` is in seconds since 1970."""

    source: Source
    policy: Policy
    now: int
    seen: tuple[Checkpoint, ...] = ()


class LogVerification:
    """One log under verification: each step leaves behind what the following ones need."""

    def __init__(self, given: GivenLog) -> None:
        self._given = given
        self._checkpoint: Checkpoint
        self._sights: list[Sight] = []
        self._of_draw: dict[bytes, list[Placed]] = {}
        self._draws: list[Draw] = []
        self._seals: dict[int, set[bytes]] = {}

    def checks(self) -> tuple[Check, ...]:
        return (
            Check("the checkpoint is signed by the pinned log", self._read_checkpoint),
            Check("what pinned witnesses signed is true", self._check_witnesses, lambda: bool(self._sights)),
            Check("entries, tiles and checkpoint agree, and so do checkpoints seen elsewhere", self._read_entries),
            Check("every draw begins with its opening", self._gather),
            Check("the draws are numbered without gaps", self._check_numbers),
            Check("there is one commitment at most for a draw and a prize", self._check_commitments),
            Check("what each draw says of itself holds", self._check_draws),
            Check("what was to come before a round does not follow it in the log", self._check_order),
        )

    def _read_checkpoint(self) -> None:
        content = self._given.source.read("checkpoint", CHECKPOINT_BYTES)
        if content is None:
            fault("BAD-TILES", "there is no checkpoint")
        try:
            self._checkpoint = checkpoint_of(content.decode(), "the checkpoint")
        except UnicodeDecodeError:
            malformed("the checkpoint is not UTF-8")
        check_log_signature(self._checkpoint, self._given.policy.log)

    def _check_witnesses(self) -> None:
        self._sights = sights(self._checkpoint, self._given.policy)

    def _read_entries(self) -> None:
        tiles, tree = Tiles(self._given.source, self._checkpoint.size), Tree()
        levels = Levels(tiles)
        seen = sorted(self._given.seen, key=lambda checkpoint: checkpoint.size)
        unread: list[tuple[int, bytes, bytes]] = []
        for entries in tiles.entries():
            self._take(unread)  # only once their tile was checked
            unread = []
            for text in entries:
                seen = _checked_view(seen, tree)
                hash_ = leaf_hash(text)
                unread.append((tree.size, hash_, text))
                tree.extend([hash_])
                levels.add(hash_)
        levels.finish()
        if tree.root() != self._checkpoint.root:
            fault("BAD-TILES", "the entries are not those of the checkpoint")
        if seen := _checked_view(seen, tree):
            fault("SPLIT-VIEW", f"elsewhere the log was shown with {seen[-1].size} leaves; here it has {tree.size}")
        self._take(unread)

    def _take(self, entries: Sequence[tuple[int, bytes, bytes]]) -> None:
        for index, hash_, text in entries:
            says = leaf_of(text, f"leaf {index}")
            if isinstance(says, Seal):
                self._seals.setdefault(says.seal_no, set()).add(says.head)
            else:
                self._of_draw.setdefault(says.draw_id, []).append(Placed(index, hash_, says))

    def _gather(self) -> None:
        self._draws = [Draw(leaves) for leaves in self._of_draw.values()]

    def _check_numbers(self) -> None:
        numbers = [leaf.says.number for draw in self._draws for leaf in draw.leaves if isinstance(leaf.says, Opening)]
        for expected, number in enumerate(sorted(numbers), start=1):
            if number != expected:
                fault("NUMBER-GAP", f"there is no draw {expected}" if number > expected else f"draw {number} is twice")

    def _check_commitments(self) -> None:
        given_away: dict[str, int] = {}
        for draw in self._draws:
            _of(draw, check_once)
            if draw.commitment and not draw.void:
                item = unicodedata.normalize("NFKC", draw.opening.prize.item).strip()
                other = given_away.setdefault(item, draw.opening.number)
                if other != draw.opening.number:
                    fault("SECOND-COMMIT", f"draws {other} and {draw.opening.number} give away the same thing")

    def _check_draws(self) -> None:
        for draw in self._draws:
            _of(draw, self._check_draw)

    def _check_draw(self, draw: Draw) -> None:
        for check in (check_promises, check_tiling, check_kinds, check_closing):
            check(draw)
        chain = pinned_chain(draw, self._given.policy)
        for against in (check_round, check_order_of_commitment, check_beacons):
            against(draw, chain)
        if picks := picks_of(draw):
            check_winners(draw, picks)
            check_reserves(draw, picks)
        check_forfeits_waited(draw, chain)
        check_replacements(draw)
        for kind, code in DATED:
            check_dated(draw, kind, code, self._latest)
        check_void(draw, chain, _unknown)

    def _latest(self, _: Placed) -> int:
        """The latest second that a leaf can be dated."""
        times = sorted(sight.at for sight in self._sights)[self._given.policy.quorum - 1 :]
        return min([self._given.now, *times[:1]]) + CLOCKS_DIFFER_S

    def _check_order(self) -> None:
        """Every round that the log knows, verified by now, was there before the leaves that follow it."""
        known = 0
        leaves = [(leaf.index, leaf, draw) for draw in self._draws for leaf in draw.leaves]
        for _, leaf, draw in sorted(leaves, key=lambda placed: placed[0]):
            chain = self._chain(draw)
            _of(draw, partial(_check_in_time, leaf, chain, known))
            known = max(known, _known_by(leaf, chain))

    def verdict(self) -> tuple[str, str]:
        """Once every step has passed."""
        if late := self._overdue():
            return "OVERDUE", f"no result of draws {', '.join(map(str, late))}, whose rounds have appeared"
        if len(self._sights) < self._given.policy.quorum:
            return "VALID-UNTIMED", "all holds, but no quorum of witnesses signed this checkpoint"
        real = sum(not sight.witness.test for sight in self._sights)
        if real < self._given.policy.quorum or any(self._chain(draw).test for draw in self._draws):
            return "TEST", "all holds, but with a beacon or witness that is a test"
        return "VALID", "all holds; whether commitments and voids were witnessed in time, each draw's bundle tells"

    def _overdue(self) -> list[int]:
        late = []
        for draw in self._draws:
            round_time = draw.round_time(self._chain(draw))
            if not draw.result and not draw.void and round_time is not None and self._given.now > round_time:
                late.append(draw.opening.number)
        return late

    def _chain(self, draw: Draw) -> Chain:
        return pinned_chain(draw, self._given.policy)

    def facts(self) -> Mapping[str, Any]:
        """Of a log that passed."""
        return {
            "log": self._checkpoint.origin,
            "leaves": self._checkpoint.size,
            "root": self._checkpoint.root.hex(),
            "draws": len(self._draws),
            "decided": sum(draw.result is not None for draw in self._draws),
            "voided": sum(draw.void is not None for draw in self._draws),
            "ledger_seals": len(self._seals),
            "ledger_seals_contradicted": sum(len(heads) > 1 for heads in self._seals.values()),
        }


def _checked_view(seen: list[Checkpoint], tree: Tree) -> list[Checkpoint]:
    """The checkpoints that are larger than the tree so far. Raises SPLIT-VIEW for one of its size and another root."""
    while seen and seen[0].size == tree.size:
        if seen[0].root != tree.root():
            fault("SPLIT-VIEW", f"elsewhere the log of {tree.size} leaves was shown with another root")
        seen = seen[1:]
    return seen


def _of(draw: Draw, check: Callable[[Draw], None]) -> None:
    """A fault that names its draw."""
    try:
        check(draw)
    except FaultError as error:
        raise FaultError(error.code, f"draw {draw.opening.number}: {error}") from None


DATED = ((Batch, "CLOSING"), (Result, "WRONG-ROUND"), (Forfeit, "EARLY-FORFEIT"), (Void, "INVALID-VOID"))
"""Leaves that are not dated ahead, and the verdict when they are."""


def _check_in_time(leaf: Placed, chain: Chain, known: int, draw: Draw) -> None:
    """Raises LATE-COMMIT or INVALID-VOID for what lies behind a round that appeared at its deadline or later."""
    if isinstance(leaf.says, Commitment) and known >= draw.deadline(chain.time_of(leaf.says.beacon_round)):
        fault("LATE-COMMIT", f"before the commitment the log knows a round of {known}")
    by = void_deadline(draw, chain) if isinstance(leaf.says, Void) else None
    if by is not None and known >= by:
        fault("INVALID-VOID", f"before the void the log knows a round of {known}; its deadline was {by}")


def _known_by(leaf: Placed, chain: Chain) -> int:
    """When the youngest round appeared that a leaf names."""
    if isinstance(leaf.says, Commitment | Forfeit):
        return chain.time_of(leaf.says.fresh_round)
    return chain.time_of(leaf.says.round) if isinstance(leaf.says, Result) else 0


def _unknown(_: int) -> bool:
    """Whether a void was seen in time, its bundle shows."""
    return True


def verify_log(given: GivenLog) -> Outcome:
    """Runs the checks and stops at the first that fails. Raises OSError when the log cannot be read."""
    verification = LogVerification(given)
    steps, failed = run_all(verification.checks())
    if failed is not None:
        return Outcome(failed.code, str(failed), steps)
    code, message = verification.verdict()
    return Outcome(code, message, steps, verification.facts())
