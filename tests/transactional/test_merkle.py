"""Merkle hashing against published vectors."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactional import merkle

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "draws" / "rfc6962_merkle.json").read_text())
LEAVES = [bytes.fromhex(leaf) for leaf in VECTORS["leaves_hex"]]


@pytest.mark.parametrize("size", range(len(LEAVES) + 1))
def test_roots_are_the_published_ones(size: int) -> None:
    hashes = [merkle.leaf_hash(leaf) for leaf in LEAVES[:size]]
    assert merkle.root(hashes).hex() == VECTORS["roots_hex_by_size"][size]


def recursive(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, to the letter: split at the largest power of two below the size."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + recursive(leaves[:half]) + recursive(leaves[half:])).digest()


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_roots_of_any_size_follow_the_definition(leaves: list[bytes]) -> None:
    assert merkle.root(map(merkle.leaf_hash, leaves)) == recursive(leaves)
