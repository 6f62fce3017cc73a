"""The command that takes a statement in: what it says, and what it refuses."""

from pathlib import Path

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.small_shop import Stocked
from tests.transactional.suppliers.supplied_world import DAY, file_of, line, supplied_world
from transactional.first_start import CommandRefusedError
from transactional.suppliers import commands
from transactional.suppliers.errors import RefusedStatementError

pytestmark = pytest.mark.anyio


async def test_a_file_from_the_inbox_is_taken_in_once(
    stocked: Stocked, fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    world, settings = await supplied_world(stocked), stocked.shop.settings
    file = tmp_path / "bill.csv"
    file.write_bytes(file_of([line(await world.bought(4000), "41.50"), line(None, "9.99")]))

    async def taken(channel: str = "fast") -> str:
        return await commands.taken_in(fresh_database.app, settings, file, channel, (DAY, DAY))

    assert await taken() == "2 lines of fast: 2 differ, by ¥11.49 in all."
    assert (await taken()).endswith("It was stored before; nothing was changed.")
    with pytest.raises(CommandRefusedError, match="no channel has the code slow"):
        await taken("slow")
    file.write_text("request_no,amount\nR1,many\n")
    with pytest.raises(RefusedStatementError):
        await taken()
