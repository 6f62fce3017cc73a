"""The browser's verifier against what others published: beacon rounds, trees, a signed note; and a worked example."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
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
