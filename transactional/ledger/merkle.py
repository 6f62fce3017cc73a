"""Merkle tree hashing of RFC 6962, section 2.1. Pure; what a leaf is, is told elsewhere."""

import hashlib
from collections.abc import Iterable

LEAF, NODE = b"\x00", b"\x01"


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of one leaf."""
    return hashlib.sha256(LEAF + leaf).digest()


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Root over the leaves' hashes in order; of none the hash of nothing.

    A full subtree is hashed as soon as it is complete, so memory is one hash per level.
    """
    full: list[tuple[int, bytes]] = []
    for leaf in leaf_hashes:
        size, node = 1, leaf
        while full and full[-1][0] == size:
            size, node = 2 * size, _node(full.pop()[1], node)
        full.append((size, node))
    if not full:
        return hashlib.sha256().digest()
    _, node = full.pop()
    while full:
        node = _node(full.pop()[1], node)
    return node


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE + left + right).digest()
