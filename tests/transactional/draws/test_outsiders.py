"""What somebody outside can do with what the shop hands out: read its log, hold a receipt and a proof against it."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mingsuan import draw_verifier, log_verifier
from tests.transactional.draws.lives import World, world
from tests.transactional.draws.open_draws import adult
from tests.transactional.small_shop import Stocked
from transactional.canonical_json import canonical
from transactional.db import reading, writing
from transactional.draws import receipts, service
from transactional.draws.log import entry_proofs
from transactional.draws.log import service as log
from transactional.draws.models import Draw, DrawEntry

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]


@pytest.fixture
async def lives(stocked: Stocked) -> AsyncIterator[World]:
    async with world(stocked) as made:
        yield made


def read_log(lives: World, *seen: bytes) -> draw_verifier.Outcome:
    """As `mingsuan verify-log` reads a copy of it."""
    pinned = draw_verifier.policy_of(canonical(log.policy(lives.keeper)))
    checkpoints = tuple(draw_verifier.seen_of(each, pinned.log) for each in seen)
    source = log_verifier.Folder(lives.keeper.folder)
    return log_verifier.verify_log(log_verifier.GivenLog(source, pinned, lives.second, checkpoints))


async def receipts_of(lives: World, draw: Draw) -> list[dict[str, Any]]:
    async with reading(lives.shop.engine) as session:
        ranges = await session.scalars(select(DrawEntry).where(DrawEntry.draw_id == draw.id).order_by(DrawEntry.id))
        return [receipts.signed(lives.keeper, entry, draw) for entry in ranges]


async def verdict(lives: World, draw: Draw, receipt: dict[str, Any], folder: Path) -> draw_verifier.Outcome:
    async with reading(lives.shop.engine) as session:
        bundle = await service.bundles.write(session, lives.keeper, folder, draw.id)
    (folder / "policy.json").write_bytes(canonical(log.policy(lives.keeper)))
    (folder / "receipt.json").write_text(json.dumps(receipt))
    return draw_verifier.verify_files(bundle, folder / "policy.json", folder / "receipt.json", now=lives.second)


async def test_the_whole_log_passes_whatever_became_of_its_draws(lives: World) -> None:
    ann = await adult(lives.stocked, "ann", 5000)
    await lives.decided(ann)
    early = (lives.keeper.folder / "checkpoint").read_bytes()
    await lives.decided(ann, 10, "wallet", mode="refundable", price_fen=100)
    void = await lives.opened()
    await lives.enters(void, ann, 4)
    await lives.sequenced()
    async with writing(lives.shop.engine) as session:
        await service.void(session, void.id, "cancelled", "供应商停产", lives.staff_id, lives.at())
    waiting = await lives.opened()
    await lives.enters(waiting, ann, 10)
    await lives.sequenced()
    assert await lives.stepped(waiting) == "committed"
    await lives.sequenced()

    outcome = read_log(lives, early)
    assert outcome.code == "TEST", outcome.message
    assert {name: outcome.facts[name] for name in ("draws", "decided", "voided")} == {
        "draws": 4,
        "decided": 2,
        "voided": 1,
    }
    await lives.wait_for_round(waiting)
    lives.passes(seconds=1)
    outcome = read_log(lives)
    assert (outcome.code, "draws 4" in outcome.message) == ("OVERDUE", True)


async def test_a_log_whose_newest_leaf_is_kept_back_is_found_out(lives: World) -> None:
    ann = await adult(lives.stocked, "ann", 5000)
    await lives.opened()
    before = (lives.keeper.folder / "checkpoint").read_bytes()
    await lives.decided(ann)
    seen = (lives.keeper.folder / "checkpoint").read_bytes()
    (lives.keeper.folder / "checkpoint").write_bytes(before)
    assert read_log(lives, seen).code == "SPLIT-VIEW"


async def test_every_receipt_agrees_with_the_log_before_and_after_the_draw_and_an_altered_one_does_not(
    lives: World, tmp_path: Path
) -> None:
    ann, bob = [await adult(lives.stocked, name, 5000) for name in ("ann", "bob")]
    draw = await lives.opened()
    await lives.enters(draw, ann, 3)
    await lives.enters(draw, bob, 2)
    for receipt in await receipts_of(lives, draw):  # not in the log yet: nothing is broken for a minute
        assert (await verdict(lives, draw, receipt, tmp_path)).code == "OPEN"
    await lives.sequenced()
    await lives.enters(draw, ann, 5)
    await lives.sequenced()
    for receipt in await receipts_of(lives, draw):
        assert (await verdict(lives, draw, receipt, tmp_path)).code == "OPEN"
    await lives.stepped(draw)
    await lives.sequenced()
    await lives.wait_for_round(draw)
    await lives.stepped(draw)
    await lives.sequenced()
    kept = await receipts_of(lives, draw)
    assert [receipt["receipt"]["count"] for receipt in kept] == [3, 2, 5]
    for receipt in kept:
        outcome = await verdict(lives, draw, receipt, tmp_path)
        assert outcome.code == "TEST", outcome.message
    altered = {**kept[0], "receipt": {**kept[0]["receipt"], "first": 1}}
    assert (await verdict(lives, draw, altered, tmp_path)).code == "WRONG-RECEIPT"


async def test_the_proof_file_of_an_entry_leads_from_its_ticket_to_the_pinned_log(lives: World) -> None:
    ann = await adult(lives.stocked, "ann", 5000)
    draw = await lives.opened()
    for count in (3, 1, 2):
        await lives.enters(draw, ann, count)
    await lives.sequenced()
    pinned = draw_verifier.policy_of(canonical(log.policy(lives.keeper)))
    ranges = [draw_verifier.receipt_of(canonical(each), pinned.log) for each in await receipts_of(lives, draw)]
    tickets = [one.ticket(index) for one in ranges for index in range(one.first, one.first + one.count)]
    assert len(tickets) == 6
    for index, ticket in enumerate(tickets):
        async with reading(lives.shop.engine) as session:
            proof = await entry_proofs.tlog_proof(session, lives.keeper, draw.id, draw.public_id, index)
        assert proof is not None
        assert is_proven(proof, draw.public_id.bytes, index, ticket, pinned)
        assert not is_proven(proof, draw.public_id.bytes, index, bytes(32), pinned)


def is_proven(proof: str, draw_id: bytes, index: int, ticket: bytes, pinned: draw_verifier.Policy) -> bool:
    """C2SP tlog-proof, and below it the entry in its batch's tree."""
    head, _, note = proof.partition("\n\n")
    header, extra, place, *steps = head.split("\n")
    assert header == "c2sp.org/tlog-proof@v1"
    says = draw_verifier.parsed_canonical(base64.b64decode(extra.removeprefix("extra ")), "the extra")
    batch = draw_verifier.leaf_of(says["batch"].encode(), "the batch")
    assert isinstance(batch, draw_verifier.Batch)
    checkpoint = draw_verifier.checkpoint_of(note, "the checkpoint")
    draw_verifier.check_log_signature(checkpoint, pinned.log)
    assert len(draw_verifier.sights(checkpoint, pinned)) >= pinned.quorum
    entry = draw_verifier.leaf_hash(draw_verifier.ENTRY + draw_id + index.to_bytes(8) + ticket)
    path = [base64.b64decode(step) for step in says["path"]]
    leaf = draw_verifier.leaf_hash(says["batch"].encode())
    in_log = [base64.b64decode(step) for step in steps]
    number = int(place.removeprefix("index "))
    return (
        batch.draw_id == draw_id
        and says["index"] == index
        and draw_verifier.is_included(index - batch.first, batch.count, entry, path, batch.root)
        and draw_verifier.is_included(number, checkpoint.size, leaf, in_log, checkpoint.root)
    )
