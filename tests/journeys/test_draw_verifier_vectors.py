"""The browser's verifier against what others published: beacon rounds, trees, a signed note; and a worked example."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from playwright.sync_api import Page

from tests.journeys.conftest import started
from tests.journeys.verifier_in_chromium import verifier_page

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.xdist_group("journeys")]
DATA = Path(__file__).parents[1] / "data" / "draws"


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Page]:
    with started(chromium) as chrome, verifier_page(chrome) as opened:
        yield opened


def vectors(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((DATA / name).read_text())
    return content


SIGNED = """async ([chain, rounds]) => {
    const {signedRound} = await import("/static/draws/beacon.js");
    const {fromHex} = await import("/static/draws/bytes.js");
    return rounds.map(({round, signature}) => signedRound(chain, round, fromHex(signature)));
}"""


def test_published_rounds_are_believed_and_every_forged_signature_is_refused(page: Page) -> None:
    published = vectors("drand_vectors.json")
    chain = published["chains"]["quicknet"]
    rounds = [each for each in published["rounds"] if each["chain"] == "quicknet"]
    forged = [{"round": each["round"], "signature": each["signature"]} for each in published["negative"]]
    identity = {"round": 1000, "signature": "c0" + "00" * 47}
    not_canonical = {"round": 1000, "signature": "9" + "f" * 95}
    assert len(rounds) > 2
    assert len(forged) == 5
    assert page.evaluate(SIGNED, [chain, rounds]) == [True] * len(rounds)
    assert page.evaluate(SIGNED, [chain, [*forged, identity, not_canonical]]) == [False] * 7


PROVEN = """async ([inclusions, consistencies]) => {
    const {includes, extend} = await import("/static/draws/merkle.js");
    const bytes = (letters) => Uint8Array.from(atob(letters ?? ""), (letter) => letter.charCodeAt(0));
    const all = (proof) => (proof ?? []).map(bytes);
    return [
        inclusions.map((t) => includes(bytes(t.leafHash), t.leafIdx, t.treeSize, all(t.proof), bytes(t.root))),
        consistencies.map((t) => extend(t.size1, t.size2, bytes(t.root1), bytes(t.root2), all(t.proof))),
    ];
}"""


def test_published_proofs_hold_and_every_other_one_is_refused(page: Page) -> None:
    published = vectors("rfc6962_merkle.json")
    inclusions, consistencies = published["inclusion"], published["consistency"]
    found = page.evaluate(PROVEN, [inclusions, consistencies])
    assert found[0] == [not each["wantErr"] for each in inclusions]
    assert found[1] == [not each["wantErr"] for each in consistencies]
    assert (len(found[0]), sum(found[0]), len(found[1]), sum(found[1])) == (98, 6, 98, 6)


NOTE = """async ([note, key]) => {
    const {checkpoint, verifierKey, signed} = await import("/static/draws/notes.js");
    const line = note.split("\\n\\n")[1].trim().split(" ")[2];
    const bytes = Uint8Array.from(atob(line), (letter) => letter.charCodeAt(0));
    const text = new TextEncoder().encode(note.split("\\n\\n")[0] + "\\n");
    const changed = text.slice();
    changed[0] ^= 1;
    const known = verifierKey(key, 1);
    return [signed(bytes.subarray(4), text, known), signed(bytes.subarray(4), changed, known)];
}"""


def test_a_published_note_is_believed_and_a_changed_one_is_not(page: Page) -> None:
    published = vectors("c2sp_signed_note.json")["signed_note"]
    note = f"{published['text']}\n{published['signature_line']}\n"
    assert page.evaluate(NOTE, [note, published["vkey"]]) == [True, False]


COFACTOR = {
    "key": "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
    "message": "6d696e677375616e2f647261772f726563656970742f7631007b7d",
    "signature": "ef4f62f8479733ad879cfaced3c89a9c39dd4fc795ef2efa1c3eafe4d729a081"
    "f685602f359c76c256b2c0e2e88469bf6208ae3413d579b596077f41bd51220b",
    "with_torsion": "feaf9d07b868cc52786305312c376563c622b0386a10d105e3c1501b28d65f7e"
    "28a7002affaf75127e8936d7b6f58ccff73dc209a45a0cf2f406a925c3b43701",
}
"""By the key of the seed 00 01 … 1f; R of `with_torsion` has a part of order two: eight times both sides are equal."""
ED25519 = """async ({key, message, signature, with_torsion}) => {
    const {signed} = await import("/static/draws/notes.js");
    const {fromHex} = await import("/static/draws/bytes.js");
    const bytes = fromHex(signature), order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const larger = bytes.slice();
    let sum = bytes.slice(32).reduceRight((all, byte) => (all << 8n) | BigInt(byte), 0n) + order;
    for (let i = 32; i < 64; i++, sum >>= 8n) larger[i] = Number(sum & 255n);
    const told = [bytes, fromHex(with_torsion), larger, bytes.slice(1), new Uint8Array(64)];
    return told.map((each) => signed(each, fromHex(message), {bytes: fromHex(key)}));
}"""


def test_a_signature_is_believed_just_when_the_offline_verifier_believes_it(page: Page) -> None:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(COFACTOR["key"]))
    message = bytes.fromhex(COFACTOR["message"])
    key.verify(bytes.fromhex(COFACTOR["signature"]), message)
    with pytest.raises(InvalidSignature):
        key.verify(bytes.fromhex(COFACTOR["with_torsion"]), message)
    assert page.evaluate(ED25519, COFACTOR) == [True, False, False, False, False]


LOOSELY = """async (texts) => {
    const {parsedLoosely} = await import("/static/draws/canonical.js");
    return texts.map((text) => {
        try {
            return JSON.stringify(parsedLoosely(text));
        } catch (error) {
            return error.constructor.name;
        }
    });
}"""


def test_a_receipt_that_an_editor_laid_out_is_read_and_an_ambiguous_one_is_not(page: Page) -> None:
    read = ['{ "a" : [1, -0],\n "b\\"\\u0022: 1.5e": "2.5" }', '{"a":{"a":1},"b":{"a":2}}']
    refused = ['{"a":1,"a":1}', '{"a":1,"\\u0061":1}', '{"a":1.0}', '{"a":1e2}', "{", "[" * 100_000]
    assert page.evaluate(LOOSELY, read) == ['{"a":[1,0],"b\\"\\": 1.5e":"2.5"}', read[1]]
    assert page.evaluate(LOOSELY, refused) == ["Malformed"] * 6


WORKED = """async ({n, w, commit_jcs, signature, chain}) => {
    const {hash} = await import("/static/draws/hasher.js");
    const {parsed} = await import("/static/draws/canonical.js");
    const {fromHex, hex, join, u64, utf8} = await import("/static/draws/bytes.js");
    const {leafHash} = await import("/static/draws/merkle.js");
    const {seedOf, picks} = await import("/static/draws/winners.js");
    const {sha256} = await import("@noble/hashes/sha2.js");
    const said = parsed(commit_jcs), id = fromHex(said.draw_id), tickets = new Uint8Array(32 * n);
    for (let i = 0; i < n; i++) {
        const user = sha256(utf8(`buyer ${i % 97}`)), nonce = sha256(utf8(`nonce ${i}`));
        tickets.set(sha256(join(utf8("mingsuan/draw/ticket/v1\\0"), id, u64(i), user, nonce)), 32 * i);
    }
    const roots = await hash({task: "roots", tickets, drawId: id, counts: [n]});
    const commitHash = leafHash(utf8(commit_jcs));
    const seed = seedOf(commitHash, said.beacon_chain, said.beacon_round, fromHex(signature));
    const order = [...picks(seed, n)].map((step) => step.index);
    const hashes = [roots.whole, roots.batches[0], commitHash, seed].map(hex);
    return [...hashes, order.slice(0, w), new Set(order).size];
}"""


@pytest.mark.parametrize("example", vectors("protocol_examples.json")["examples"], ids=lambda each: f"n={each['n']}")
def test_the_worked_example_comes_out_to_the_last_byte(page: Page, example: dict[str, Any]) -> None:
    root, batch, commit_hash, seed, winners, different = page.evaluate(WORKED, example)
    assert root == batch == example["entries_root"]
    assert commit_hash == example["commit_hash"]
    assert seed == example["seed"]
    assert winners == example["winners_0based"]
    assert different == example["n"]
