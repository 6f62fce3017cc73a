"""What a shopper keeps: a receipt at once, and later the proof that the log holds the entry."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.transactional.draws.log.draws_in_rows import SECOND, enter, opened
from tests.transactional.draws.log.witnesses import KEY, keeper_in, run
from transactional.canonical_json import canonical
from transactional.db import reading, writing
from transactional.draws import receipts, rules
from transactional.draws.leaves import leaf_hash
from transactional.draws.log import service as log
from transactional.draws.log.checkpoints import checkpoint
from transactional.draws.log.notes import check_signed, note
from transactional.draws.models import Draw, DrawEntry
from transactional.draws.proofs import check_inclusion
from transactional.merkle import leaf_hash as hashed

pytestmark = pytest.mark.anyio


async def test_a_receipt_is_signed_by_the_log_and_promises_the_range(fresh_engine: AsyncEngine, tmp_path: Path) -> None:
    keeper = keeper_in(tmp_path)
    async with writing(fresh_engine) as session:
        draw_id, _ = await opened(session)
    await enter(fresh_engine, draw_id, 3, SECOND)
    async with reading(fresh_engine) as session:
        draw, entry = await session.get_one(Draw, draw_id), (await session.scalars(select(DrawEntry))).one()
    receipt = json.loads(json.dumps(receipts.signed(keeper, entry, draw)))
    says = receipt["receipt"]
    assert (says["draw_id"], says["first"], says["count"], says["at"]) == (draw.public_id.hex, 0, 3, SECOND)
    assert set(says) == {
        *("type", "draw_id", "first", "count", "kind", "user_ref", "nonce", "at", "merge_delay_s"),
    }
    key = Ed25519PublicKey.from_public_bytes(KEY.public_key().public_bytes_raw())
    signature = base64.b64decode(receipt["signature"])
    key.verify(signature, b"mingsuan/draw/receipt/v1\0" + canonical(says))
    with pytest.raises(InvalidSignature):
        key.verify(signature, b"mingsuan/draw/receipt/v1\0" + canonical({**says, "count": 4}))


async def test_the_proof_of_an_entry_leads_from_its_ticket_to_the_signed_checkpoint(
    fresh_engine: AsyncEngine, tmp_path: Path
) -> None:
    keeper = keeper_in(tmp_path)
    async with writing(fresh_engine) as session:
        draw_id, public_id = await opened(session)
    for count in (2, 3):
        await enter(fresh_engine, draw_id, count, SECOND)
    async with reading(fresh_engine) as session:
        assert await log.tlog_proof(session, keeper, draw_id, public_id, 4) is None
    await run(fresh_engine, keeper, SECOND + 1)
    async with reading(fresh_engine) as session:
        proof = await log.tlog_proof(session, keeper, draw_id, public_id, 4)
        assert await log.tlog_proof(session, keeper, draw_id, public_id, 5) is None
        entry = (await session.scalars(select(DrawEntry).where(DrawEntry.first_index == 2))).one()
    assert proof is not None
    head, _, signed = proof.partition("\n\n")
    header, extra, index, *steps = head.split("\n")
    assert (header, index) == ("c2sp.org/tlog-proof@v1", "index 1")
    told = json.loads(base64.b64decode(extra.removeprefix("extra ")))
    check_signed(note(signed), keeper.verifier)
    said = checkpoint(note(signed).text)
    check_inclusion(1, said.size, leaf_hash(told["batch"]), [base64.b64decode(step) for step in steps], said.root)
    ticket = rules.ticket(public_id, 4, entry.user_ref, rules.nonce_of(entry.nonce, 4))
    batch = json.loads(told["batch"])
    path = [base64.b64decode(step) for step in told["path"]]
    check_inclusion(
        4 - batch["first"],
        batch["count"],
        hashed(rules.entry(public_id, 4, ticket)),
        path,
        bytes.fromhex(batch["root"]),
    )
