"""What the shop publishes passes the verifier that shares no code with it, and another view of it does not."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan.draw_verifier import Outcome, policy_of, receipt_of, seen_of
from mingsuan.log_verifier import Folder, GivenLog, verify_log
from mingsuan.postgres import DatabaseUrls
from tests.transactional.draws.log.draws_in_rows import SECOND, enter, opened
from tests.transactional.draws.log.witnesses import keeper_in, run, serving, witness_in
from transactional.db import engine, reading, writing
from transactional.draws import receipts
from transactional.draws.leaves import seal
from transactional.draws.log import service as log
from transactional.draws.log.keeper import Keeper
from transactional.draws.models import Draw, DrawEntry

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]


def verified(keeper: Keeper, *seen: str) -> Outcome:
    pinned = policy_of(json.dumps(log.policy(keeper)).encode())
    elsewhere = tuple(seen_of(each.encode(), pinned.log) for each in seen)
    return verify_log(GivenLog(Folder(keeper.folder), pinned, SECOND, elsewhere))


def checkpoint(keeper: Keeper) -> str:
    return (keeper.folder / "checkpoint").read_text()


async def test_a_witnessed_log_of_many_batches_holds_for_the_verifier(
    fresh_engine: AsyncEngine, tmp_path: Path
) -> None:
    async with serving(witness_in(tmp_path)) as asked:
        keeper = keeper_in(tmp_path, *asked)
        async with writing(fresh_engine) as session:
            draws = [(await opened(session, number, capacity=2_000))[0] for number in (1, 2)]
            for number in range(240):
                await log.append(session, "seal", seal(number, bytes(32)))
        seen = []
        for turn in range(20):
            await enter(fresh_engine, draws[turn % 2], 1 + turn % 3, SECOND + turn)
            if turn % 6 == 0:
                await run(fresh_engine, keeper, SECOND + turn)
                seen.append(checkpoint(keeper))
        await run(fresh_engine, keeper, SECOND + 300)
    found = verified(keeper, *seen)
    assert found.code == "TEST", found.message
    assert (found.facts["leaves"], found.facts["draws"]) == (262, 2)
    assert {path.name for path in keeper.folder.glob("tile/entries/*")} == {"000", "001.p"}


async def test_without_a_witness_a_log_is_untimed(fresh_engine: AsyncEngine, tmp_path: Path) -> None:
    keeper = keeper_in(tmp_path)
    async with writing(fresh_engine) as session:
        await opened(session)
    await run(fresh_engine, keeper)
    assert verified(keeper).code == "VALID-UNTIMED"


async def test_a_second_history_under_the_same_key_is_found_by_whoever_saw_the_first(
    fresh_engine: AsyncEngine, module_database: DatabaseUrls, tmp_path: Path
) -> None:
    """No witness, no common folder or database: then only people who compare can tell."""
    other = engine(module_database.app)
    mine, theirs = keeper_in(tmp_path / "mine"), keeper_in(tmp_path / "theirs")
    for number, (source, keeper) in enumerate(((fresh_engine, mine), (other, theirs))):
        async with writing(source) as session:
            await log.append(session, "seal", seal(number, bytes(32)))
        await run(source, keeper)
    assert verified(mine, checkpoint(mine)).code == "VALID-UNTIMED"
    assert verified(mine, checkpoint(theirs)).code == "SPLIT-VIEW"
    await other.dispose()


async def test_the_verifier_reads_a_receipt_as_it_is_given(fresh_engine: AsyncEngine, tmp_path: Path) -> None:
    keeper = keeper_in(tmp_path)
    async with writing(fresh_engine) as session:
        draw_id, public_id = await opened(session)
    await enter(fresh_engine, draw_id, 3, SECOND)
    async with reading(fresh_engine) as session:
        draw, entry = await session.get_one(Draw, draw_id), (await session.scalars(select(DrawEntry))).one()
    given = json.dumps(receipts.signed(keeper, entry, draw)).encode()
    pinned = policy_of(json.dumps(log.policy(keeper)).encode())
    read = receipt_of(given, pinned.log)
    assert (read.draw_id, read.first, read.count, read.at) == (public_id.bytes, 0, 3, SECOND)
