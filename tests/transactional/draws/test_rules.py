"""The draw's arithmetic against worked examples, published pairs and a peer's vectors."""

import hashlib
import json
from itertools import islice
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.draws.vectors import peers_winners, shuffled, vectors
from transactional import merkle
from transactional.canonical_json import canonical
from transactional.draws import leaves, rules
from transactional.draws.chains import QUICKNET

EXAMPLES = vectors("protocol_examples")["examples"]
PEER = vectors("peer_fair_pick")["vectors"]
TIMES = vectors("quicknet_time_to_round")
DRAW = UUID(bytes=bytes(range(16)))


def example_entry(index: int) -> bytes:
    """As the examples make them."""
    user = hashlib.sha256(f"buyer {index % 97}".encode()).digest()
    nonce = hashlib.sha256(f"nonce {index}".encode()).digest()
    return rules.entry(DRAW, index, rules.ticket(DRAW, index, user, nonce))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"n={example['n']}")
def test_the_worked_examples_come_out_byte_for_byte(example: dict[str, Any]) -> None:
    assert example_entry(0).hex() == example["entry_0_hex"]
    assert merkle.leaf_hash(example_entry(0)).hex() == example["leaf_0"]
    hashes = (merkle.leaf_hash(example_entry(index)) for index in range(example["n"]))
    assert merkle.root(hashes).hex() == example["entries_root"]

    assert canonical(json.loads(example["commit_jcs"])).decode() == example["commit_jcs"]
    commit_hash = leaves.leaf_hash(example["commit_jcs"])
    assert commit_hash.hex() == example["commit_hash"]

    signature = bytes.fromhex(example["signature"])
    seed = rules.seed(commit_hash, bytes.fromhex(QUICKNET.hash), 1000, signature)
    assert hashlib.sha256(bytes.fromhex(example["seed_preimage_hex"])).digest() == seed
    assert seed.hex() == example["seed"]

    winners = list(islice(rules.picks(seed, example["n"]), example["w"]))
    assert winners == example["winners_0based"]
    assert [rules.shown(index) for index in winners] == example["shown"]


@pytest.mark.parametrize("vector", PEER, ids=lambda vector: vector["name"])
def test_a_peers_selections_come_out_of_our_stream(vector: dict[str, Any]) -> None:
    stream = rules.Stream(bytes.fromhex(vector["seed_hex"]))
    assert peers_winners(vector, stream.below) == vector["expected_winners"]


@settings(max_examples=60, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), entries=st.integers(1, 60))
def test_the_sparse_shuffle_is_the_whole_one(seed: bytes, entries: int) -> None:
    assert list(rules.picks(seed, entries)) == shuffled(entries, rules.Stream(seed).below)


def test_picking_a_few_of_ten_million_keeps_little_and_repeats_nobody() -> None:
    winners = list(islice(rules.picks(bytes(32), 10_000_000), 2_000))
    assert len(set(winners)) == 2_000
    assert max(winners) < 10_000_000


def test_what_would_bias_the_remainder_is_thrown_away() -> None:
    """Of 2^256 values the top third is beyond the largest multiple of this n."""
    n = (1 << 256) // 3 * 2
    blocks = [int.from_bytes(hashlib.sha256(bytes(32) + counter.to_bytes(4)).digest()) for counter in range(60)]
    kept = [place for place, block in enumerate(blocks) if block < n]
    stream = rules.Stream(bytes(32))
    assert [stream.below(n) for _ in kept] == [blocks[place] for place in kept]
    assert stream.rejected == kept[-1] + 1 - len(kept) > 10


def test_nothing_is_below_nought() -> None:
    with pytest.raises(ValueError, match="positive"):
        rules.Stream(bytes(32)).below(0)


@pytest.mark.parametrize("pair", TIMES["pairs"], ids=lambda pair: pair["source"])
def test_rounds_and_times_are_the_published_pairs(pair: dict[str, Any]) -> None:
    assert QUICKNET.pace.round_at(pair["unix"]) == pair["round_at_unix"]
    assert QUICKNET.pace.time_of(pair["round_at_unix"]) == pair["time_of_round"]


def test_before_its_genesis_a_chain_has_no_round() -> None:
    with pytest.raises(ValueError, match="begins"):
        QUICKNET.pace.round_at(QUICKNET.pace.genesis - 1)
    with pytest.raises(ValueError, match="no round"):
        QUICKNET.pace.time_of(0)


@given(second=st.integers(QUICKNET.pace.genesis, 4_000_000_000), delay=st.integers(300, 86_400))
def test_the_deciding_round_appears_after_closing_and_delay_and_within_two_periods(second: int, delay: int) -> None:
    appears = QUICKNET.pace.time_of(QUICKNET.pace.round_of_draw(second, delay))
    assert second + delay < appears <= second + delay + 2 * QUICKNET.pace.period


def test_a_ticket_binds_draw_place_person_and_nonce() -> None:
    person, nonce = bytes(32), rules.nonce_of(bytes(32), 7)
    ticket = rules.ticket(DRAW, 7, person, nonce)
    other_person, other_nonce = bytes(31) + b"\1", rules.nonce_of(bytes(32), 8)
    assert len({ticket, rules.ticket(DRAW, 8, person, nonce), rules.ticket(UUID(int=1), 7, person, nonce)}) == 3
    assert ticket not in (rules.ticket(DRAW, 7, other_person, nonce), rules.ticket(DRAW, 7, person, other_nonce))


def test_a_person_cannot_be_told_from_one_draw_to_the_next() -> None:
    customer, salt = UUID(int=5), bytes(32)
    assert rules.user_ref(UUID(int=1), customer, salt) != rules.user_ref(UUID(int=2), customer, salt)
