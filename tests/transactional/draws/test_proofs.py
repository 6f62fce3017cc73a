"""Inclusion and consistency proofs: every published vector, and whatever we make ourselves."""

import base64
from typing import Any

import pytest

from tests.draws.vectors import vectors
from transactional import merkle
from transactional.draws.proofs import WrongProofError, check_consistency, check_inclusion, consistency, inclusion

VECTORS = vectors("rfc6962_merkle")
MOST = 20
HASHES = [merkle.leaf_hash(bytes([number])) for number in range(MOST)]
ROOTS = [merkle.root(HASHES[:size]) for size in range(MOST + 1)]


def based(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def steps(proof: list[str] | None) -> list[bytes]:
    return [based(step) for step in proof or []]


def passes(check: Any, *given: Any) -> bool:
    try:
        check(*given)
    except WrongProofError:
        return False
    return True


@pytest.mark.parametrize("case", VECTORS["inclusion"], ids=lambda case: case["_file"])
def test_published_inclusion_proofs(case: dict[str, Any]) -> None:
    given = (case["leafIdx"], case["treeSize"], based(case["leafHash"]), steps(case["proof"]), based(case["root"]))
    assert passes(check_inclusion, *given) is not case["wantErr"]


@pytest.mark.parametrize("case", VECTORS["consistency"], ids=lambda case: case["_file"])
def test_published_consistency_proofs(case: dict[str, Any]) -> None:
    given = (case["size1"], case["size2"], based(case["root1"]), based(case["root2"]), steps(case["proof"]))
    assert passes(check_consistency, *given) is not case["wantErr"]


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_our_inclusion_proofs_lead_to_the_root_and_to_no_other_place(size: int) -> None:
    for index in range(size):
        proof = inclusion(HASHES[:size], index)
        check_inclusion(index, size, HASHES[index], proof, ROOTS[size])
        others = [other for other in range(size + 1) if other != index]
        assert not any(passes(check_inclusion, other, size, HASHES[index], proof, ROOTS[size]) for other in others)


@pytest.mark.parametrize("second", range(1, MOST + 1))
def test_our_consistency_proofs_hold_between_their_trees_alone(second: int) -> None:
    for first in range(1, second + 1):
        proof = consistency(HASHES[:second], first)
        check_consistency(first, second, ROOTS[first], ROOTS[second], proof)
        assert not passes(check_consistency, first, second, ROOTS[first - 1], ROOTS[second], proof)
        assert not passes(check_consistency, first, second, ROOTS[first], ROOTS[second - 1], proof)


def test_there_is_no_proof_of_what_is_not_there() -> None:
    with pytest.raises(IndexError):
        inclusion(HASHES, MOST)
    with pytest.raises(IndexError):
        consistency(HASHES, MOST + 1)


def test_of_nothing_no_tree_is_shown_to_be_an_extension() -> None:
    assert passes(check_consistency, 0, 0, ROOTS[0], ROOTS[0], [])
    assert not passes(check_consistency, 0, 5, ROOTS[0], ROOTS[5], [])
