"""Sealing: what is taken and what not, heads outside the database, crashes, restores."""

import json
from datetime import timedelta
from hashlib import sha256

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.transactional.ledger.selling import Selling
from transactional.canonical_json import canonical
from transactional.db import reading
from transactional.ledger import seals
from transactional.ledger.heads import HeadsError
from transactional.migrations.restamp import restamp

pytestmark = pytest.mark.anyio


def seal_rows(selling: Selling) -> list[tuple[int, list[int]]]:
    return selling.as_superuser("select seal_no, transaction_ids from shop.ledger_seal order by seal_no")


async def unsealed_age(selling: Selling) -> timedelta:
    async with reading(selling.stocked.shop.engine) as session:
        return await seals.unsealed_age(session)


async def test_every_transaction_is_sealed_once_in_the_order_of_writing(selling: Selling) -> None:
    await selling.sell("li", 2)
    assert await unsealed_age(selling) > timedelta()
    first = await selling.seal()
    await selling.sell("wang")
    second = await selling.seal()
    assert (first.seals, second.seals, await selling.seal()) == (1, 1, seals.Sealing(0, 0))
    assert await unsealed_age(selling) == timedelta()
    by_seal = [ids for _, ids in seal_rows(selling)]
    written = selling.as_superuser("select id from shop.ledger_transaction order by row_xid, id")
    assert by_seal[0] + by_seal[1] == [number for (number,) in written]


async def test_a_backlog_is_sealed_in_batches(selling: Selling, monkeypatch: pytest.MonkeyPatch) -> None:
    await selling.sell("li", 5)
    monkeypatch.setattr(seals, "BATCH", 3)
    [[count]] = selling.as_superuser("select count(*) from shop.ledger_transaction")
    sealing = await selling.seal()
    assert (sealing.transactions, sealing.seals) == (count, -(-count // 3))
    assert await selling.found() == []


async def test_what_has_not_ended_is_not_sealed_and_what_ended_after_it_waits(selling: Selling) -> None:
    with psycopg.connect(selling.urls.owner) as slow:
        slow.execute(
            "insert into shop.ledger_transaction (reference, event, effective_at, ledger_date)"
            " values ('slow', 'x', now(), current_date)"
        )
        slow.execute(
            "insert into shop.ledger_entry (transaction_id, account, amount_fen) select id, account, fen from"
            " shop.ledger_transaction, (values ('bank', 1), ('goodwill', -1)) as side (account, fen)"
        )
        await selling.sell("li")
        assert await selling.seal() == seals.Sealing(0, 0)
        slow.commit()
    sealing = await selling.seal()
    [(_, ids)] = seal_rows(selling)
    [[slow_id]] = selling.as_superuser("select id from shop.ledger_transaction where reference = 'slow'")
    assert slow_id in ids
    assert sealing.transactions == len(ids)


async def test_a_transaction_whose_entries_came_after_an_open_one_is_taken_later(selling: Selling) -> None:
    [[late_id]] = selling.as_superuser(
        "insert into shop.ledger_transaction (reference, event, effective_at, ledger_date)"
        " values ('late', 'x', now(), current_date) returning id"
    )
    with psycopg.connect(selling.urls.owner) as slow:
        slow.execute("select pg_current_xact_id()")
        selling.as_superuser(
            "insert into shop.ledger_entry (transaction_id, account, amount_fen)"
            f" values ({late_id}, 'bank', 1), ({late_id}, 'goodwill', -1)"
        )
        assert await selling.seal() == seals.Sealing(0, 0)
    await selling.sell("wang")
    await selling.seal()
    [(_, ids)] = seal_rows(selling)
    assert ids[0] == late_id
    assert not [sentence for sentence in await selling.found() if "eal" in sentence]


async def test_published_heads_chain_and_are_signed_by_the_published_key(selling: Selling) -> None:
    for name in ("li", "wang"):
        await selling.sell(name)
        await selling.seal()
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(selling.heads.public_key_file.read_text()))
    previous = bytes(32)
    for number, line in enumerate(selling.heads.path.read_text().splitlines(), start=1):
        said = json.loads(line)
        signature = bytes.fromhex(said.pop("signature"))
        key.verify(signature, b"mingsuan/ledger/published-head/v1\0" + canonical(said))
        assert (said["seal_no"], said["previous_head"]) == (number, previous.hex())
        numbers = said["transaction_count"].to_bytes(8, "big") + said["sealed_at_us"].to_bytes(8, "big")
        head = sha256(
            b"mingsuan/ledger/head/v1\0"
            + number.to_bytes(8, "big")
            + previous
            + bytes.fromhex(said["merkle_root"])
            + numbers
        ).digest()
        assert said["head"] == head.hex()
        previous = head
    assert oct(selling.heads.key_file.stat().st_mode)[-3:] == "600"


async def test_a_crash_before_publishing_is_told_and_mended_by_the_next_run(
    selling: Selling, monkeypatch: pytest.MonkeyPatch
) -> None:
    await selling.sell("li")
    with monkeypatch.context() as broken:
        broken.setattr("transactional.ledger.heads_file._append", _no_disk)
        with pytest.raises(OSError, match="disk"):
            await selling.seal()
    assert await selling.found() == [
        "Seal 1 is not among the published heads; the next run of the sealer publishes it or says why not."
    ]
    assert await selling.seal() == seals.Sealing(0, 0)
    assert await selling.found() == []


def _no_disk(*_: object) -> None:
    raise OSError("the disk is full")


async def test_a_line_that_a_crash_cut_short_is_told_and_taken_off_by_the_next_seal(selling: Selling) -> None:
    await selling.sell("li")
    await selling.seal()
    with selling.heads.path.open("ab") as file:
        file.write(b'{"half":')
    assert await selling.found() == [
        "The last line of the published heads is unfinished, as after a crash; the next seal takes it off."
    ]
    await selling.sell("wang")
    await selling.seal()
    assert await selling.found() == []


async def test_rows_changed_between_seal_and_publication_are_not_published(
    selling: Selling, monkeypatch: pytest.MonkeyPatch
) -> None:
    await selling.sell("li")
    with monkeypatch.context() as broken:
        broken.setattr("transactional.ledger.heads_file._append", _no_disk)
        with pytest.raises(OSError, match="disk"):
            await selling.seal()
    selling.as_superuser("update shop.ledger_transaction set event = 'x'")
    with pytest.raises(seals.SealBrokenError, match="changed since they were sealed"):
        await selling.seal()
    assert not selling.heads.path.read_bytes()


async def test_seals_stay_valid_and_nothing_is_sealed_twice_when_a_restore_stamps_rows_anew(selling: Selling) -> None:
    await selling.sell("li", 2)
    await selling.seal()
    await selling.sell("wang")
    selling.as_superuser("update shop.ledger_seal set system_identifier = 'the server that is gone'")
    restamp(selling.urls.owner)
    assert (await selling.seal()).seals == 1
    await selling.sell("zhao")
    assert (await selling.seal()).seals == 1
    ids = [number for _, sealed in seal_rows(selling) for number in sealed]
    [[count]] = selling.as_superuser("select count(*) from shop.ledger_transaction")
    assert (len(ids), len(set(ids))) == (count, count)
    assert await selling.found() == []


async def test_a_restore_from_an_older_backup_waits_for_its_loss_to_be_accepted(selling: Selling) -> None:
    await selling.sell("li")
    await selling.seal()
    before = selling.as_superuser("select max(id) from shop.ledger_transaction")[0][0]
    for name in ("wang", "zhao"):
        await selling.sell(name)
        await selling.seal()
    selling.as_superuser(  # what the backup did not have
        "delete from shop.ledger_seal where seal_no > 1",
        f"delete from shop.ledger_entry where transaction_id > {before}",
        f"delete from shop.document_line where transaction_id > {before}",
        f"delete from shop.ledger_transaction where id > {before}",
    )
    assert "Seal 2 was published but is not in the database." in await selling.found()
    with pytest.raises(seals.SealBrokenError, match="Seals 2 to 3 were published but are not in the database"):
        await selling.seal()
    loss = await seals.accept_loss(selling.stocked.shop.engine, selling.heads, "disk burnt")
    assert (loss.lost_from, loss.lost_to) == (2, 3)
    selling.as_superuser(
        "insert into shop.ledger_transaction (reference, event, effective_at, ledger_date)"
        " values ('after', 'x', now(), current_date)"
    )
    assert (await selling.seal()).seals == 1
    assert [number for number, _ in seal_rows(selling)] == [1, 4]
    assert not [sentence for sentence in await selling.found() if "eal" in sentence]
    with pytest.raises(seals.SealBrokenError, match="No published seal is missing"):
        await seals.accept_loss(selling.stocked.shop.engine, selling.heads, "again")


async def test_heads_that_did_not_come_along_are_published_anew_only_when_asked(selling: Selling) -> None:
    for name in ("li", "wang"):
        await selling.sell(name)
        await selling.seal()
    kept = selling.heads.path.read_bytes()
    selling.heads.path.unlink()
    with pytest.raises(seals.SealBrokenError, match="The published heads end at seal 0, the database at 2"):
        await selling.seal()
    await selling.seal(republish=True)
    assert selling.heads.path.read_bytes() == kept


async def test_heads_of_another_key_are_not_added_to(selling: Selling) -> None:
    await selling.sell("li")
    await selling.seal()
    selling.heads.key_file.write_bytes(bytes(32))
    await selling.sell("wang")
    with pytest.raises(HeadsError, match="not written by this shop"):
        await selling.seal()
    found = await selling.found()
    assert "The public key beside the published heads is not that of this shop's key." in found


async def test_only_the_newest_seals_are_hashed_when_asked(selling: Selling) -> None:
    for name in ("li", "wang"):
        await selling.sell(name)
        await selling.seal()
    selling.as_superuser("update shop.ledger_transaction set event = 'x' where id = 1")
    assert [sentence for sentence in await selling.found() if "Seal 1" in sentence]
    assert not [sentence for sentence in await selling.found(newest_seals=1) if "Seal" in sentence]
