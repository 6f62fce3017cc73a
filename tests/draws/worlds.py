"""Draws from opening to delivery in memory, and their bundles, built from the shop's pure core. Nothing here verifies.

Each step of a `Story` takes what it shall say instead of the truth, so that a dishonest shop is one argument away from
an honest one. The second of every step is given by the plan: a draw that is over is long past.
"""

import base64
import hashlib
import io
import json
import zipfile
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from typing import Any, Self
from uuid import UUID

import py_arkworks_bls12381 as bls

from tests.draws.memory_log import LOG, WITNESS, MemoryLog, Signer
from transactional import merkle
from transactional.canonical_json import canonical
from transactional.draws import leaves, rules
from transactional.draws.chains import TAG, TEST, Chain
from transactional.draws.rules import Pace

OPENED_AT = 1_767_225_600
"""2026-01-01."""
RULES = "一等奖一名。每人不限次数。\nOne prize. As many entries as you like.\n"
REAL = replace(
    TEST,
    name="a chain for tests that passes for a real one",
    hash=hashlib.sha256(b"a chain for tests").hexdigest(),
    pace=Pace(genesis=1_700_000_000, period=3),
    least_delay_s=300,
    is_test=False,
)
"""Signed with the test chain's published key; a policy that pins it decides what it is worth."""
SECRET = bls.Scalar.from_be_bytes_mod_order(hashlib.sha256(b"mingsuan/test-beacon/v1").digest())
Lie = Callable[[Any], Any]


def honest(says: Any) -> Any:
    return says


@cache
def signed_round(number: int) -> bytes:
    """What the test chain's key makes of a round."""
    message = hashlib.sha256(number.to_bytes(8)).digest()
    signature: bytes = (bls.G1Point.hash_to_curve(message, TAG) * SECRET).to_compressed_bytes()
    return signature


@dataclass(frozen=True)
class Plan:
    """What a draw is, and how its entries come: kinds in turn, in ranges, a batch of several ranges every ten seconds.

    `closes_after` is 0 for a draw that closes when full; `capacity` is then the number of entries.
    """

    number: int = 1
    opened_at: int = OPENED_AT
    entries: int = 40
    mode: str = "promotional"
    capacity: int | None = None
    closes_after: int = 0
    winners: int = 2
    reserves: int = 3
    delay_s: int = 600
    chain: Chain = REAL
    claim_days: int = 30
    kinds: tuple[str, ...] = ("free", "free", "house", "paid")
    range_size: int = 3
    ranges_a_batch: int = 4
    rules: str = RULES
    item: str = ""

    @property
    def draw_id(self) -> UUID:
        return UUID(bytes=hashlib.sha256(f"draw {self.number}".encode()).digest()[:16])

    def opening(self) -> leaves.Opening:
        """What the opening leaf says of this plan."""
        capacity = self.capacity if self.capacity is not None else 0 if self.closes_after else self.entries
        return leaves.Opening(
            draw_id=self.draw_id,
            number=self.number,
            opened_at=self.opened_at,
            mode=self.mode,
            prize_item=self.item or f"gift-card-{self.number}",
            prize_name="礼品卡 500 元",
            prize_value_fen=50_000,
            price_fen=0 if self.mode == "promotional" else 100,
            bundles=() if self.mode == "promotional" else ((12, 10),),
            currency="CNY",
            capacity=capacity,
            closes_at=self.opened_at + self.closes_after if self.closes_after else 0,
            winners=self.winners,
            reserves=self.reserves,
            delay_s=self.delay_s,
            chain_hash=self.chain.hash,
            claim_days=self.claim_days,
            free_rule="写信到商店地址，每封信一次机会。",
            house_rule="商店自己的机会公开计数，中奖则奖品留下。",
            rules_sha256=hashlib.sha256(self.rules.encode()).digest(),
        )


@dataclass(frozen=True)
class Range:
    """Entries that were accepted together, with what opens their tickets."""

    draw_id: UUID
    first: int
    count: int
    kind: str
    user_ref: bytes
    nonce: bytes
    at: int

    def opened(self, index: int) -> leaves.Opened:
        return leaves.Opened(index, self.user_ref, rules.nonce_of(self.nonce, index))

    def tickets(self) -> list[bytes]:
        return [
            rules.ticket(self.draw_id, index, self.user_ref, rules.nonce_of(self.nonce, index))
            for index in range(self.first, self.first + self.count)
        ]

    def receipt(self, signer: Signer = LOG, **lies: object) -> dict[str, Any]:
        """What the shopper keeps; `lies` replace fields, `signer` signs it."""
        says = {
            "type": "draw-receipt/v1",
            "draw_id": self.draw_id.hex,
            "first": self.first,
            "count": self.count,
            "kind": self.kind,
            "user_ref": self.user_ref.hex(),
            "nonce": self.nonce.hex(),
            "at": self.at,
            "merge_delay_s": 60,
            **lies,
        }
        signature = signer.key.sign(b"mingsuan/draw/receipt/v1\0" + canonical(says))
        return {"receipt": says, "key": signer.vkey, "signature": base64.b64encode(signature).decode()}


def range_of(plan: Plan, first: int, count: int, kind: str, at: int) -> Range:
    """The range of a customer whose name, salt and nonce follow from the first index."""
    tell = f"{plan.number} {first}".encode()
    customer = UUID(bytes=hashlib.sha256(b"customer " + tell).digest()[:16])
    user_ref = rules.user_ref(plan.draw_id, customer, hashlib.sha256(b"salt " + tell).digest())
    return Range(plan.draw_id, first, count, kind, user_ref, hashlib.sha256(b"nonce " + tell).digest(), at)


@dataclass(frozen=True)
class Published:
    """A checkpoint as it was served, and whether a witness had seen it."""

    size: int
    text: str
    witnessed: bool


@dataclass(frozen=True)
class Case:
    """Everything that a verifier is given."""

    bundle: bytes
    policy: Mapping[str, Any]
    now: int
    receipt: Mapping[str, Any] | None = None
    seen: tuple[str, ...] = ()


def policy(
    witnesses: Sequence[Signer] = (WITNESS,), quorum: int = 1, *, test_chain: int = 0, test_witness: int = 0
) -> dict[str, Any]:
    """Pins the log, witnesses, the chain REAL (as a test when told so) and the product's test chain."""
    return {
        "format": "mingsuan/draw-policy/v1",
        "log": LOG.vkey,
        "witnesses": [{"key": witness.vkey, "test": test_witness} for witness in witnesses],
        "quorum": quorum,
        "chains": [_pinned(REAL, test_chain), _pinned(TEST, 1)],
    }


def _pinned(chain: Chain, test: int) -> dict[str, Any]:
    return {
        "hash": chain.hash,
        "public_key": chain.public_key.hex(),
        "genesis": chain.pace.genesis,
        "period": chain.pace.period,
        "least_delay_s": chain.least_delay_s,
        "most_delay_s": chain.most_delay_s,
        "test": test,
    }


@dataclass
class Story:
    """One draw's life in a log that others may share. Steps return the story, to be told in a row."""

    plan: Plan = field(default_factory=Plan)
    log: MemoryLog = field(default_factory=MemoryLog)
    published: list[Published] = field(default_factory=list)
    ranges: list[Range] = field(default_factory=list)
    tickets: list[bytes] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    at: int = 0
    opening: leaves.Opening = field(init=False)
    open_hash: bytes = b""
    commitment: leaves.Commitment | None = None
    commit_at: int = -1
    commit_hash: bytes = b""
    signature: bytes = b""
    forfeits: int = 0

    def __post_init__(self) -> None:
        self.opening = self.plan.opening()
        self.at = self.at or self.plan.opened_at

    def publish(self, at: int | None = None, witnesses: Sequence[Signer] = (WITNESS,)) -> Self:
        """A checkpoint of all there is, cosigned at a second."""
        size = len(self.log.leaves)
        text = self.log.checkpoint(size, witnesses, self.at if at is None else at)
        self.published.append(Published(size, text, bool(witnesses)))
        return self

    def say(self, body: str) -> Self:
        """Puts a leaf of this draw into the log, whatever it says."""
        self.positions.append(self.log.append(body))
        return self

    def open(self, lie: Lie = honest) -> Self:
        self.opening = lie(self.opening)
        body = leaves.opening(self.opening)
        self.open_hash = leaves.leaf_hash(body)
        return self.say(body).publish()

    def sell(self, count: int | None = None, lie: Lie = honest) -> Self:
        """Entries in batches until there are as many as planned, or `count` more."""
        until = self.plan.entries if count is None else len(self.tickets) + count
        while len(self.tickets) < until:
            self.at += 10
            self.batch(until - len(self.tickets), lie)
        return self.publish()

    def batch(self, most: int, lie: Lie = honest) -> Self:
        """One batch of several ranges; `lie` is told what the leaf would say."""
        first, kinds = len(self.tickets), []
        for _ in range(self.plan.ranges_a_batch):
            count = min(self.plan.range_size, first + most - len(self.tickets))
            if count == 0:
                break
            kind = self.plan.kinds[len(self.ranges) % len(self.plan.kinds)]
            accepted = range_of(self.plan, len(self.tickets), count, kind, self.at)
            self.ranges.append(accepted)
            self.tickets += accepted.tickets()
            kinds.append((kind, count))
        says = {"first": first, "count": len(self.tickets) - first, "root": self.root(first), "at": self.at}
        says = lie({**says, "runs": leaves.joined(kinds)})
        return self.say(leaves.batch(self.plan.draw_id, **says))

    def root(self, first: int = 0) -> bytes:
        """Of the entries from one on."""
        return root_of(self.plan.draw_id, self.tickets[first:], first)

    def commit(self, lie: Lie = honest, *, publish: bool = True) -> Self:
        """When full, or a moment after closing."""
        closes_at = self.opening.closes_at
        is_full = len(self.tickets) >= self.opening.capacity > 0
        closed_at = self.ranges[-1].at if is_full else closes_at
        self.at = closed_at + 20
        self.commitment = lie(self._commitment(closed_at))
        body = leaves.commitment(self.commitment)
        self.commit_hash, self.commit_at = leaves.leaf_hash(body), len(self.log.leaves)
        self.say(body)
        return self.publish() if publish else self

    def _commitment(self, closed_at: int) -> leaves.Commitment:
        pace = self.plan.chain.pace
        round_no = pace.round_of_draw(closed_at, self.opening.delay_s)
        fresh = min(pace.round_at(self.at), round_no - 1)
        totals: dict[str, int] = {}
        for accepted in self.ranges:
            totals[accepted.kind] = totals.get(accepted.kind, 0) + accepted.count
        return leaves.Commitment(
            draw_id=self.plan.draw_id,
            open_hash=self.open_hash,
            closed_at=closed_at,
            entries=len(self.tickets),
            entries_root=self.root(),
            tickets_sha256=hashlib.sha256(b"".join(self.tickets)).digest(),
            totals=totals,
            winners=self.opening.winners,
            reserves=self.opening.reserves,
            rules_sha256=self.opening.rules_sha256,
            chain_hash=self.plan.chain.hash,
            round_no=round_no,
            round_time=pace.time_of(round_no),
            fresh_round=fresh,
            fresh_signature=signed_round(fresh),
        )

    @property
    def committed(self) -> leaves.Commitment:
        """Raises ValueError before the commitment."""
        if self.commitment is None:
            raise ValueError("nothing is committed yet")
        return self.commitment

    def decide(self, lie: Lie = honest, *, signature: bytes | None = None) -> Self:
        """Once the round is there; `lie` is told `{"round_no", "signature", "winners", "reserves", "at"}`."""
        said = self.committed
        self.at = max(self.at, said.round_time) + 4
        self.signature = signature or signed_round(said.round_no)
        says = {
            "commit_hash": self.commit_hash,
            "round_no": said.round_no,
            "signature": self.signature,
            "winners": [self.opened(index) for index in self.winners()],
            "reserves": self.reserves(),
            "at": self.at,
        }
        return self.say(leaves.result(self.plan.draw_id, **lie(says))).publish()

    def order(self) -> Iterator[int]:
        """All entries as they are picked."""
        said = self.committed
        seed = rules.seed(self.commit_hash, bytes.fromhex(said.chain_hash), said.round_no, self.signature)
        return rules.picks(seed, len(self.tickets))

    def winners(self) -> list[int]:
        return list(islice(self.order(), self.opening.winners))

    def followers(self, *, house: bool) -> Iterator[int]:
        """Who comes after the winners, of the house's entries or of the others."""
        following = islice(self.order(), self.opening.winners, None)
        return (index for index in following if (self.range_of(index).kind == "house") is house)

    def reserves(self) -> list[int]:
        return list(islice(self.followers(house=False), self.opening.reserves))

    def range_of(self, index: int) -> Range:
        return self.ranges[bisect_right(self.ranges, index, key=lambda accepted: accepted.first) - 1]

    def opened(self, index: int) -> leaves.Opened:
        return self.range_of(index).opened(index)

    def forfeit(self, index: int, *, days: int | None = None, replacement: leaves.Opened | str | None = "next") -> Self:
        """A winner's prize goes to the next reserve, as soon as a round appeared after the claim days."""
        self.at += (self.opening.claim_days if days is None else days) * 86_400 + self.plan.chain.pace.period
        unused = self.reserves()[self.forfeits :]
        self.forfeits += 1
        if isinstance(replacement, str):
            replacement = self.opened(unused[0]) if unused else None
        return self.say(self.forfeiting(index, replacement)).publish()

    def forfeiting(
        self, index: int, replacement: leaves.Opened | None, at: int | None = None, fresh: int | None = None
    ) -> str:
        """The leaf's text; `fresh` is the second whose newest round it knows, when that is not its own."""
        at = self.at if at is None else at
        number = self.plan.chain.pace.round_at(at if fresh is None else fresh)
        proof = number, signed_round(number)
        return leaves.forfeit(self.plan.draw_id, index, "未在期限内领取", replacement, at, *proof)

    def deliver(self, index: int) -> Self:
        self.at += 3_600
        return self.say(leaves.delivery(self.plan.draw_id, index, "code", self.at)).publish()

    def void(self, reason: str = "cancelled", at: int | None = None, witnesses: Sequence[Signer] = (WITNESS,)) -> Self:
        self.at = self.at + 5 if at is None else at
        body = leaves.void(self.plan.draw_id, reason, "供应商停产", self.at)
        return self.say(body).publish(witnesses=witnesses)

    def manifest(self) -> dict[str, Any]:
        """As the shop writes it."""
        newest = self.published[-1]
        return {
            "format": "mingsuan/draw-bundle/v1",
            "leaves": [
                {"index": index, "leaf": self.log.leaves[index], "proof": self.log.inclusion(index, newest.size)}
                for index in self.positions
                if index < newest.size
            ],
            "checkpoint": newest.text,
            "witnessed": self._witnessed(newest),
        }

    def _witnessed(self, newest: Published) -> dict[str, Any]:
        bodies = self.log.leaves
        held = [at for at in self.positions if '"type":"draw-commit/v1"' in bodies[at]]
        held = [at for at in self.positions if '"type":"draw-void/v1"' in bodies[at]] or held
        seen = [each for each in self.published if held and each.witnessed and each.size > held[0]]
        if not seen:
            return {}
        return {"checkpoint": seen[0].text, "consistency": self.log.consistency(seen[0].size, newest.size)}

    def members(self) -> dict[str, bytes]:
        members = {"manifest.json": canonical(self.manifest()), "rules.txt": self.plan.rules.encode()}
        if self.commitment is not None:
            members["tickets.bin"] = b"".join(self.tickets)
        return members

    def case(self, *, now: int | None = None, members: Mapping[str, bytes] | None = None, **given: Any) -> Case:
        """The bundle with the policy of this world, a minute after the last step."""
        given.setdefault("policy", policy())
        now = self.at + 60 if now is None else now
        return Case(bundle=zipped(self.members() if members is None else members), now=now, **given)


def root_of(draw_id: UUID, tickets: Sequence[bytes], first: int = 0) -> bytes:
    """Root of entries with these tickets, the first of them at a place."""
    entries = (rules.entry(draw_id, first + place, ticket) for place, ticket in enumerate(tickets))
    return merkle.root(map(merkle.leaf_hash, entries))


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A bundle of these members, stored."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return file.getvalue()


def unzipped(bundle: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def edited(bundle: bytes, edit: Callable[[dict[str, Any]], None]) -> bytes:
    """The bundle with another manifest."""
    members = unzipped(bundle)
    manifest = json.loads(members["manifest.json"])
    edit(manifest)
    return zipped({**members, "manifest.json": canonical(manifest)})


def decided(plan: Plan | None = None) -> Story:
    """An honest draw up to its result."""
    return Story(plan or Plan()).open().sell().commit().decide()
