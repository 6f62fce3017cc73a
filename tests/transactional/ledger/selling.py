"""A shop that has sold something, its seals and its check, and the hand of a superuser."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from tests.other_databases import wait_for_other_databases
from tests.transactional.small_shop import PRICE_FEN, Stocked, codes, one_sku
from transactional.db import engine, writing
from transactional.ledger import check, seals
from transactional.ledger.heads_file import HeadsFile, heads_file
from transactional.orders.schemas import OrderPlaced
from transactional.shop import open_shop

COST_FEN = 4000


@asynccontextmanager
async def selling_shop(urls: DatabaseUrls, folder: Path) -> AsyncIterator["Selling"]:
    """A shop on an empty database, its keys and published heads in `folder`."""
    source = engine(urls.app)
    try:
        shop = await open_shop(Settings(var=folder), source)
        async with writing(source) as session:
            stocked = Stocked(shop, await one_sku(session))
        yield Selling(stocked, urls)
    finally:
        await source.dispose()


@dataclass(frozen=True)
class Selling:
    """`urls` and the stocked shop that runs on them."""

    stocked: Stocked
    urls: DatabaseUrls

    @property
    def heads(self) -> HeadsFile:
        return heads_file(self.stocked.shop.settings)

    async def sell(self, name: str, count: int = 1) -> OrderPlaced:
        """`count` codes at a cost of ¥40 each come in, and a new customer buys them all."""
        await self.stocked.stock(codes(count, name), cost_fen=COST_FEN * count)
        buyer = await self.stocked.customer(name, PRICE_FEN * count)
        return await self.stocked.shop.intake.buy(buyer.id, self.stocked.sku.id, count, f"key-{name}", None)

    async def seal(self, **options: bool) -> seals.Sealing:
        """Seals what has ended here, whatever other tests have open beside it."""
        wait_for_other_databases(self.urls)
        return await seals.seal(self.stocked.shop.engine, self.heads, **options)

    async def found(self, newest_seals: int | None = None) -> list[str]:
        """The check's sentences."""
        findings = await check.examine(self.stocked.shop.engine, self.heads, newest_seals=newest_seals)
        return [finding.sentence() for finding in findings]

    def as_superuser(self, *statements: str, given: Sequence[Any] = ()) -> list[Any]:
        """Runs the statements with every trigger and foreign key asleep; answers the last one's rows."""
        url = self.urls.owner.replace("shop_owner@/", "postgres@/")
        with psycopg.connect(url) as connection:
            connection.execute("set session_replication_role = replica")
            for statement in statements:
                result = connection.execute(statement, given or None)  # type: ignore[arg-type]
            return result.fetchall() if result.description else []
