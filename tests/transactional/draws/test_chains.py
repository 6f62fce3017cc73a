"""Rounds of public beacons: the published ones pass in both libraries, every forged one is refused for its reason."""

import hashlib
from typing import Any

import py_arkworks_bls12381 as bls
import pyblst
import pytest

from tests.draws.cheats import ORDER, malleated
from tests.draws.vectors import vectors
from tests.draws.worlds import SECRET, signed_round
from transactional.draws.chains import CHAINS, QUICKNET, TAG, TEST, BadRoundError

VECTORS = vectors("drand_vectors")
ROUNDS = VECTORS["rounds"]
NO_POINT, NOT_SIGNED = "is no point of the group", "did not sign"
REASONS = {
    "torsion-malleated signature (sig + pure cofactor-torsion point)": NO_POINT,
    "wrong round": NOT_SIGNED,
    "last nibble 9->8": NO_POINT,
    "negated point (sign bit)": NOT_SIGNED,
    "other network (fastnet sig under quicknet)": NOT_SIGNED,
}


def told(row: dict[str, Any]) -> str:
    return f"{row['chain']} {row['round']}"


def message(row: dict[str, Any]) -> bytes:
    before = bytes.fromhex(row["previous_signature"]) if row["chain"] == "default" else b""
    return hashlib.sha256(before + int(row["round"]).to_bytes(8)).digest()


def tag(row: dict[str, Any]) -> bytes:
    name: str = VECTORS["dst"][row["chain"]]
    return name.partition(" ")[0].encode()


@pytest.mark.parametrize("row", ROUNDS, ids=told)
def test_published_rounds_pass_in_arkworks(row: dict[str, Any]) -> None:
    signature, key = (bytes.fromhex(text) for text in (row["signature"], VECTORS["chains"][row["chain"]]["public_key"]))
    if row["chain"] == "default":
        ones = [bls.G1Point(), -bls.G1Point.from_compressed_bytes(key)]
        twos = [bls.G2Point.from_compressed_bytes(signature), bls.G2Point.hash_to_curve(message(row), tag(row))]
    else:
        ones = [bls.G1Point.from_compressed_bytes(signature), -bls.G1Point.hash_to_curve(message(row), tag(row))]
        twos = [bls.G2Point(), bls.G2Point.from_compressed_bytes(key)]
    assert bls.GT.pairing_check(ones, twos)


@pytest.mark.parametrize("row", ROUNDS, ids=told)
def test_published_rounds_pass_in_blst(row: dict[str, Any]) -> None:
    signature, key = (bytes.fromhex(text) for text in (row["signature"], VECTORS["chains"][row["chain"]]["public_key"]))
    one, two = pyblst.BlstP1Element, pyblst.BlstP2Element
    if row["chain"] == "default":
        left = pyblst.miller_loop(one.uncompress(bls.G1Point().to_compressed_bytes()), two.uncompress(signature))
        right = pyblst.miller_loop(one.uncompress(key), two.hash_to_group(message(row), tag(row)))
    else:
        left = pyblst.miller_loop(one.uncompress(signature), two.uncompress(bls.G2Point().to_compressed_bytes()))
        right = pyblst.miller_loop(one.hash_to_group(message(row), tag(row)), two.uncompress(key))
    assert pyblst.final_verify(left, right)


@pytest.mark.parametrize("row", ROUNDS, ids=told)
def test_randomness_is_the_hash_of_the_signature(row: dict[str, Any]) -> None:
    assert hashlib.sha256(bytes.fromhex(row["signature"])).hexdigest() == row["randomness"]


@pytest.mark.parametrize("row", [row for row in ROUNDS if row["chain"] == "quicknet"], ids=told)
def test_rounds_of_the_pinned_chain_are_believed(row: dict[str, Any]) -> None:
    QUICKNET.check(row["round"], bytes.fromhex(row["signature"]))


@pytest.mark.parametrize("row", VECTORS["negative"], ids=lambda row: row["name"])
def test_a_forged_round_is_refused_for_its_own_reason(row: dict[str, Any]) -> None:
    with pytest.raises(BadRoundError, match=REASONS[row["name"]]):
        QUICKNET.check(row["round"], bytes.fromhex(row["signature"]))


def test_only_the_subgroup_check_stands_between_a_malleated_signature_and_a_ground_winner() -> None:
    forged = VECTORS["negative"][0]
    signature = bytes.fromhex(forged["signature"])
    point = bls.G1Point.from_compressed_bytes_unchecked(signature)
    hashed = bls.G1Point.hash_to_curve(hashlib.sha256((1000).to_bytes(8)).digest(), TAG)
    key = bls.G2Point.from_compressed_bytes(QUICKNET.public_key)
    assert bls.GT.pairing_check([point, -hashed], [bls.G2Point(), key])
    assert not point.is_in_subgroup()
    honest = next(row for row in ROUNDS if (row["chain"], row["round"]) == ("quicknet", 1000))
    assert malleated(bytes.fromhex(honest["signature"])) == signature


@pytest.mark.parametrize("times", [1, 2, 5])
def test_no_multiple_of_the_torsion_point_gets_through(times: int) -> None:
    with pytest.raises(BadRoundError, match=NO_POINT):
        TEST.check(7, malleated(signed_round(7), times))


@pytest.mark.parametrize(
    "signature",
    [b"\xc0" + bytes(47), b"\xff" * 48, bytes(48), b"\x80" * 48, b"\xe0" + bytes(47)],
    ids=["identity", "all ones", "zero", "x out of the curve", "identity with a sign"],
)
def test_what_is_no_signature_at_all_is_refused(signature: bytes) -> None:
    with pytest.raises(BadRoundError):
        QUICKNET.check(1, signature)


@pytest.mark.parametrize("size", [0, 47, 49, 96])
def test_a_signature_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(BadRoundError, match="48 bytes"):
        QUICKNET.check(1, bytes(size))


def test_the_pinned_public_chain_is_the_published_one() -> None:
    says = VECTORS["chains"]["quicknet"]
    pace = QUICKNET.pace
    assert (QUICKNET.hash, QUICKNET.public_key.hex()) == (says["chain_hash"], says["public_key"])
    assert (pace.period, pace.genesis) == (says["period"], says["genesis_time"])
    written = pace.period.to_bytes(4) + pace.genesis.to_bytes(8) + QUICKNET.public_key
    written += bytes.fromhex(says["group_hash"]) + says["beacon_id"].encode()
    assert hashlib.sha256(written).hexdigest() == QUICKNET.hash


def test_the_test_chain_has_the_key_that_anybody_knows_and_says_so() -> None:
    assert (bls.G2Point() * SECRET).to_compressed_bytes() == TEST.public_key
    assert int(SECRET) < ORDER
    assert {chain.hash for chain in CHAINS.values() if chain.is_test} == {TEST.hash}
