"""Inclusion and consistency proofs over RFC 6962 trees; RFC 9162 (2.1.3 and 2.1.4) tells how they are checked. Pure."""

from collections.abc import Sequence
from hmac import compare_digest

from transactional.merkle import node as _node
from transactional.merkle import root


class WrongProofError(ValueError):
    """A proof does not show what it is said to show."""


def inclusion(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """What leads from a leaf to the root of all `hashes`, nearest first. Raises IndexError."""
    if not 0 <= index < len(hashes):
        raise IndexError(f"there is no leaf {index} in a tree of {len(hashes)}")
    if len(hashes) == 1:
        return []
    split = _split(len(hashes))
    if index < split:
        return [*inclusion(hashes[:split], index), root(hashes[split:])]
    return [*inclusion(hashes[split:], index - split), root(hashes[:split])]


def consistency(hashes: Sequence[bytes], size: int) -> list[bytes]:
    """What shows that the tree of all `hashes` only added to its first `size`. Raises IndexError."""
    if not 0 <= size <= len(hashes):
        raise IndexError(f"there was no tree of {size} before one of {len(hashes)}")
    return [] if size in (0, len(hashes)) else _subproof(hashes, size, whole=True)


def check_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected: bytes) -> None:
    """Raises WrongProofError."""
    _whole(leaf, expected, *proof)
    if not 0 <= index < size:
        raise WrongProofError(f"there is no leaf {index} in a tree of {size}")
    fn, sn, node = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            raise WrongProofError("the proof is too long")
        if fn & 1 or fn == sn:
            node = _node(step, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = _node(node, step)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise WrongProofError("the proof is too short")
    if not compare_digest(node, expected):
        raise WrongProofError("the proof leads to another root")


def check_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> None:
    """Raises WrongProofError. Of nothing, every tree is an extension, so nothing is proven: only 0 → 0 passes."""
    if not 0 <= first <= second or (first == 0 < second):
        raise WrongProofError(f"a tree of {second} is not shown to extend one of {first}")
    if second == 0:
        _same(root(()), second_root, proof)
    if first == second:
        _same(first_root, second_root, proof)
        return
    _whole(first_root, second_root, *proof)
    steps = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not steps:
        raise WrongProofError("the proof is too short")
    old, new = _folded(first, second, steps)
    if not (compare_digest(old, first_root) and compare_digest(new, second_root)):
        raise WrongProofError("the proof leads to other roots")


def _same(first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise WrongProofError("the proof is too long")
    if not compare_digest(first_root, second_root):
        raise WrongProofError("two roots of one size")


def _folded(first: int, second: int, steps: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Roots of both trees, as far as the steps tell."""
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if sn == 0:
            raise WrongProofError("the proof is too long")
        if fn & 1 or fn == sn:
            old, new = _node(step, old), _node(step, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = _node(new, step)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise WrongProofError("the proof is too short")
    return old, new


def _whole(*hashes: bytes) -> None:
    if any(len(each) != 32 for each in hashes):
        raise WrongProofError("a hash is not 32 bytes long")


def _split(size: int) -> int:
    """The largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1


def _subproof(hashes: Sequence[bytes], size: int, *, whole: bool) -> list[bytes]:
    if size == len(hashes):
        return [] if whole else [root(hashes)]
    split = _split(len(hashes))
    if size <= split:
        return [*_subproof(hashes[:split], size, whole=whole), root(hashes[split:])]
    return [*_subproof(hashes[split:], size - split, whole=False), root(hashes[:split])]
