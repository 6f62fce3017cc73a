"""The drill: from a backup, on a machine whose folder is empty, to a shop whose books are right and a warehouse again.

The other machine is another server in another folder; only the backup and the keys reach it.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mingsuan.backup import backup
from mingsuan.postgres import DatabaseUrls, database
from mingsuan.restore import restore
from mingsuan.settings import Settings
from pipelines.ingest import RestoredSourceError, ingest
from pipelines.warehouse import connect, owned
from tests.transactional.small_shop import Stocked, codes, one_sku
from transactional.cards import service as cards
from transactional.db import engine, writing
from transactional.ledger import command_line as ledger
from transactional.migrations import migrate
from transactional.migrations.restamp import restamp
from transactional.shop import open_shop

pytestmark = [pytest.mark.proof, pytest.mark.anyio, pytest.mark.xdist_group("drill")]
ORDERS = 3


@pytest.fixture
def machine() -> Iterator[Settings]:
    """An empty machine's folder; short, since a server's socket lives in it."""
    folder = Path(tempfile.mkdtemp(prefix="drill-"))
    yield Settings(var=folder / "v")
    shutil.rmtree(folder, ignore_errors=True)


async def _sell(stocked: Stocked, name: str) -> str:
    buyer = await stocked.customer(name, 10_000)
    placed = await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, f"key-{name}")
    return placed.order_no


def _rows(url: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(sql).fetchall()


def _warehouse(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with owned(settings, "test"), connect(settings) as warehouse:
        return warehouse.execute(sql).fetchall()


async def test_the_shop_comes_back_whole_and_the_warehouse_follows_it_again(
    fresh_database: DatabaseUrls, machine: Settings, tmp_path: Path
) -> None:
    settings = Settings(var=tmp_path / "v")
    origin = engine(fresh_database.app)
    shop = await open_shop(settings, origin)
    async with writing(shop.engine) as session:
        stocked = Stocked(shop, await one_sku(session))
    await stocked.stock(codes(10), 30_000)
    numbers = [await _sell(stocked, f"buyer{n}") for n in range(ORDERS)]
    ledger_said = await asyncio.to_thread(ledger.seal, fresh_database.app, settings)
    assert "transactions in" in ledger_said
    ingest(settings, fresh_database.reader)

    manifest = backup(settings, fresh_database, tmp_path / "backup")
    assert manifest.source.last_order_no == numbers[-1]
    lost = await _sell(stocked, "too-late")
    await origin.dispose()

    # the other machine: its own server, the backup, the keys from their own place; the warehouse's folder survived
    shutil.copytree(settings.keys_dir, machine.keys_dir)
    shutil.copytree(settings.warehouse_file.parent, machine.warehouse_file.parent)
    with database(machine) as urls:
        restore(machine, urls, tmp_path / "backup")
        assert migrate(urls.owner) == manifest.source.revision
        found = _rows(urls.reader, "select order_no from shop.orders order by id")
        assert [number for (number,) in found] == numbers
        assert lost not in [number for (number,) in found]
        assert _rows(urls.reader, "select system_identifier from pg_control_system()") != [
            (manifest.source.system_identifier,)
        ]

        assert await asyncio.to_thread(ledger.findings, urls.app, machine) == []
        with pytest.raises(RestoredSourceError, match="--resync"):
            ingest(machine, urls.reader)
        restamp(urls.owner)
        assert ingest(machine, urls.reader, resync=True).kind == "resync"
        assert _warehouse(machine, "select order_no from raw_current.orders order by id") == found
        assert ingest(machine, urls.reader).row_count == 0

        # it goes on selling: codes open with the keys, numbers and seals continue
        source = engine(urls.app)
        again = await open_shop(machine, source)
        revived = Stocked(again, stocked.sku)
        after = await _sell(revived, "after")
        assert after not in numbers
        [[fulfilment, customer]] = _rows(
            urls.app,
            "select f.public_id, o.customer_id from shop.fulfilment f join shop.order_item i on i.id = f.order_item_id"
            f" join shop.orders o on o.id = i.order_id where o.order_no = '{numbers[0]}'",
        )
        async with writing(source) as session:
            shown = await cards.reveal(session, again.vault, customer, fulfilment, repeated=False)  # type: ignore[arg-type]
        assert shown.code in codes(10)
        await source.dispose()
        assert "1 seals" in (await asyncio.to_thread(ledger.seal, urls.app, machine))
        assert await asyncio.to_thread(ledger.findings, urls.app, machine) == []
