"""The ledger's seals stand in the public log, each once."""

from pathlib import Path

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.other_databases import wait_for_other_databases
from tests.transactional.draws.log.draws_in_rows import SECOND
from tests.transactional.draws.log.witnesses import keeper_in, run
from tests.transactional.small_shop import Stocked
from transactional.db import reading
from transactional.draws.leaves import seal
from transactional.draws.log import positions
from transactional.ledger import seals
from transactional.ledger.heads_file import heads_file

pytestmark = pytest.mark.anyio


async def test_each_seal_of_the_ledger_is_a_leaf_with_its_published_head(
    stocked: Stocked, fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    file, source = heads_file(stocked.shop.settings), stocked.shop.engine
    for name in ("one", "two"):
        await stocked.customer(name, balance_fen=100)
        wait_for_other_databases(fresh_database)
        await seals.seal(source, file)
        await run(source, keeper_in(tmp_path), SECOND)
    heads = file.read().heads
    assert len(heads) == 2
    async with reading(source) as session:
        logged = await positions.bodies(session, 0, 10)
    assert logged == {index: seal(head.seal_no, head.head) for index, head in enumerate(heads)}
