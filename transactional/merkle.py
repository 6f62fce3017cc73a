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
        size, top = 1, leaf
        while full and full[-1][0] == size:
            size, top = 2 * size, node(full.pop()[1], top)
        full.append((size, top))
    if not full:
        return hashlib.sha256().digest()
    _, top = full.pop()
    while full:
        top = node(full.pop()[1], top)
    return top


def node(left: bytes, right: bytes) -> bytes:
    """Hash over two subtrees."""
    return hashlib.sha256(NODE + left + right).digest()
