"""The verifier's own arithmetic: the same vectors as the shop's, by another library and other code."""

import ast
import base64
import hashlib
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import py_arkworks_bls12381 as bls
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingsuan import draw_verifier as verifier
from tests.draws.cheats import malleated
from tests.draws.memory_log import LOG
from tests.draws.torsion import NEUTRAL, torsioned
from tests.draws.vectors import peers_winners, shuffled, vectors
from tests.draws.worlds import policy, signed_round
from transactional import merkle
from transactional.canonical_json import canonical
from transactional.draws import rules
from transactional.draws.chains import QUICKNET, TEST, Chain

DRAND, MERKLE = vectors("drand_vectors"), vectors("rfc6962_merkle")
QUICKNET_ROUNDS = [row for row in DRAND["rounds"] if row["chain"] == "quicknet"]
HASHES = [merkle.leaf_hash(number.to_bytes(4)) for number in range(9_000)]
NO_POINTS = {"torsion-malleated signature (sig + pure cofactor-torsion point)", "last nibble 9->8"}
ALLOWED = {"cryptography", "py_arkworks_bls12381"}
DOCUMENT = Path(verifier.__file__).parents[1] / "docs" / "draw-bundle.md"


def pinned(chain: Chain) -> verifier.Chain:
    pace = chain.pace
    return verifier.Chain(bytes.fromhex(chain.hash), chain.public_key, pace.genesis, pace.period, 5, 86_400, False)


def based(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def test_it_is_one_file_that_shares_no_code_with_the_shop() -> None:
    tree = ast.parse(Path(verifier.__file__).read_text())
    names = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} - sys.stdlib_module_names == ALLOWED


def test_verdicts_and_exit_codes_are_those_of_the_document() -> None:
    cells = [[cell.strip() for cell in line.split("|")] for line in DOCUMENT.read_text().splitlines() if "|" in line]
    written = {row[2]: int(row[1]) for row in cells if len(row) == 5 and row[1].isdigit()}
    assert written == dict(verifier.EXITS)
    assert len(set(written.values())) == len(written)


@pytest.mark.parametrize("row", QUICKNET_ROUNDS, ids=lambda row: str(row["round"]))
def test_published_rounds_are_believed(row: dict[str, Any]) -> None:
    assert pinned(QUICKNET).has_signed(row["round"], bytes.fromhex(row["signature"]))


@pytest.mark.parametrize("row", DRAND["negative"], ids=lambda row: row["name"])
def test_forged_rounds_are_not_each_for_its_own_reason(row: dict[str, Any]) -> None:
    signature = bytes.fromhex(row["signature"])
    assert not pinned(QUICKNET).has_signed(row["round"], signature)
    assert is_of_the_group(signature) is (row["name"] not in NO_POINTS)


def is_of_the_group(signature: bytes) -> bool:
    try:
        bls.G1Point.from_compressed_bytes(signature)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "signature",
    [
        b"\xc0" + bytes(47),
        b"\xff" * 48,
        bytes(48),
        b"\x80" * 48,
        malleated(signed_round(7)),
        malleated(signed_round(7), 3),
    ],
    ids=["identity", "all ones", "zero", "x out of the curve", "torsion", "more torsion"],
)
def test_what_is_no_canonical_point_of_the_group_is_no_signature(signature: bytes) -> None:
    assert not pinned(TEST).has_signed(7, signature)
    assert pinned(TEST).has_signed(7, signed_round(7))


def test_a_pinned_key_that_is_no_point_believes_nothing() -> None:
    broken = verifier.Chain(bytes(32), b"\xc0" + bytes(95), 0, 1, 5, 86_400, False)
    assert not broken.has_signed(7, signed_round(7))


@pytest.mark.parametrize("example", vectors("protocol_examples")["examples"], ids=lambda example: f"n={example['n']}")
def test_the_worked_examples_come_out(example: dict[str, Any]) -> None:
    draw_id, tickets = bytes(range(16)), bytearray()
    for index in range(example["n"]):
        user = hashlib.sha256(f"buyer {index % 97}".encode()).digest()
        nonce = hashlib.sha256(f"nonce {index}".encode()).digest()
        tickets += verifier.Opened(index, user, nonce).ticket(draw_id)
    tree = verifier.Tree()
    for index in range(example["n"]):
        ticket = bytes(tickets[32 * index : 32 * index + 32])
        tree.extend([verifier.leaf_hash(verifier.ENTRY + draw_id + index.to_bytes(8) + ticket)])
    assert tree.root().hex() == example["entries_root"]

    commit_hash = verifier.leaf_hash(example["commit_jcs"].encode())
    seed = verifier.seed_of(commit_hash, bytes.fromhex(QUICKNET.hash), 1000, bytes.fromhex(example["signature"]))
    assert (commit_hash.hex(), seed.hex()) == (example["commit_hash"], example["seed"])
    assert list(islice(verifier.picked(seed, example["n"]), example["w"])) == example["winners_0based"]


@pytest.mark.parametrize("vector", vectors("peer_fair_pick")["vectors"], ids=lambda vector: vector["name"])
def test_a_peers_selections_come_out_of_this_stream(vector: dict[str, Any]) -> None:
    stream = verifier.blocks(bytes.fromhex(vector["seed_hex"]))
    assert peers_winners(vector, lambda n: verifier.below(stream, n)) == vector["expected_winners"]


@settings(max_examples=60, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), entries=st.integers(1, 60))
def test_picks_are_the_whole_shuffle_and_the_shops(seed: bytes, entries: int) -> None:
    stream = verifier.blocks(seed)
    picked = list(verifier.picked(seed, entries))
    assert picked == shuffled(entries, lambda n: verifier.below(stream, n)) == list(rules.picks(seed, entries))


@pytest.mark.parametrize("n", [1, 2, 3, 40_000, 10_000_000, (1 << 256) // 3 * 2, (1 << 255) + 1])
def test_numbers_below_are_the_shops_rejections_among_them(n: int) -> None:
    stream, shops = verifier.blocks(bytes(32)), rules.Stream(bytes(32))
    assert [verifier.below(stream, n) for _ in range(40)] == [shops.below(n) for _ in range(40)]
    assert (shops.rejected > 0) == (n > 1 << 254)


@pytest.mark.parametrize("case", MERKLE["inclusion"], ids=lambda case: case["_file"])
def test_published_inclusion_proofs(case: dict[str, Any]) -> None:
    proof = [based(step) for step in case["proof"] or []]
    given = (case["leafIdx"], case["treeSize"], based(case["leafHash"]), proof, based(case["root"]))
    assert verifier.is_included(*given) is not case["wantErr"]


@pytest.mark.parametrize(
    "case", [case for case in MERKLE["consistency"] if case["size1"]], ids=lambda case: case["_file"]
)
def test_published_consistency_proofs(case: dict[str, Any]) -> None:
    proof = [based(step) for step in case["proof"] or []]
    given = (case["size1"], case["size2"], based(case["root1"]), based(case["root2"]), proof)
    assert verifier.is_extended(*given) is not case["wantErr"]


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(0, 4_500), max_size=4).filter(lambda sizes: sum(sizes) <= len(HASHES)))
def test_a_tree_that_grows_in_pieces_has_the_root_of_the_definition(sizes: list[int]) -> None:
    tree = verifier.Tree()
    for size in sizes:
        tree.extend(HASHES[tree.size : tree.size + size])
        assert tree.root() == merkle.root(HASHES[: tree.size])


def test_the_published_signed_note_verifies_with_its_published_key() -> None:
    note = vectors("c2sp_signed_note")["signed_note"]
    key = verifier.key_of(1)(note["vkey"], "key")
    content = base64.b64decode(note["signature_line"].rpartition(" ")[2])
    assert content[:4] == key.id
    assert key.signed(content[4:], note["text"].encode())
    assert not key.signed(content[4:], note["text"].encode() + b" ")


def test_a_signature_that_holds_only_times_eight_is_none() -> None:
    key = verifier.key_of(1)(LOG.vkey, "key")
    assert key.signed(torsioned(LOG, b"it", NEUTRAL), b"it")
    assert not key.signed(torsioned(LOG, b"it"), b"it")


@pytest.mark.parametrize(
    "change",
    [
        {"quorum": 0},
        {"witnesses": [{"key": policy()["log"], "test": 0}]},
        {"witnesses": policy()["witnesses"] * 2},
        {"chains": policy()["chains"] * 2},
        {"log": policy()["log"].replace("+", "+0", 1)},
        {"log": policy()["witnesses"][0]["key"]},
        {"format": "mingsuan/draw-policy/v2"},
        {"note": "hello"},
    ],
    ids=str,
)
def test_a_policy_that_is_none_is_refused_before_anything_is_believed(change: dict[str, Any]) -> None:
    with pytest.raises(verifier.FaultError) as refused:
        verifier.policy_of(canonical({**policy(), **change}))
    assert refused.value.code == "USAGE"


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":9007199254740992}',
        b'{"a":NaN}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\u0041"}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b'{"a":-0}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\xff"}',
        b"[" * 100_000,
        b"9" * 5_000,
        b"",
    ],
    ids=lambda text: text[:24].decode("latin1"),
)
def test_json_in_any_other_form_than_the_hashed_one_is_refused(text: bytes) -> None:
    with pytest.raises(verifier.FaultError) as refused:
        verifier.parsed_canonical(text, "it")
    assert refused.value.code == "FORMAT"


def test_json_in_the_hashed_form_is_read() -> None:
    content = {"b": ['é\n\u001f"\\/𝄞', -9007199254740991], "a": {}}
    assert verifier.parsed_canonical(canonical(content), "it") == content
