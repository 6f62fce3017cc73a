"""One SKU, many more buyers than codes, workers killed at random, an old snapshot open: nothing is lost or doubled."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from tests.faults.hot_sale import Sale, Workers
from tests.transactional.small_shop import PRICE_FEN, Stocked, codes, one_sku
from transactional.accounts import tokens
from transactional.accounts.models import Session
from transactional.accounts.schemas import CustomerSubject
from transactional.db import engine, reading, writing
from transactional.ledger import service as ledger
from transactional.shop import open_shop

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket, pytest.mark.xdist_group("heavy")]

BUYERS = 64
SEED = 20261122
STOCK_IS_SHOWN_WITHIN_S = 10


async def _log_in(stocked: Stocked, buyers: Sequence[CustomerSubject]) -> list[str]:
    given = [tokens.new() for _ in buyers]
    until = clock.now() + timedelta(days=1)
    async with writing(stocked.shop.engine) as session:
        for token, buyer in zip(given, buyers, strict=True):
            session.add(Session(token_sha256=tokens.digest(token), customer_id=buyer.id, expires_at=until))
    return given


async def _shown_as_unsold(stocked: Stocked, sale: Sale) -> None:
    """The stock shown is the number of unsold codes, at the latest when what was remembered has aged."""
    [(unsold,)] = await stocked.rows("select count(*) from shop.card where delivered_fulfilment_id is null")
    async with asyncio.timeout(STOCK_IS_SHOWN_WITHIN_S):
        while await sale.stock_shown("steam-50") != unsold:
            await asyncio.sleep(0.1)


@pytest.mark.proof
async def test_every_code_of_a_hot_sku_is_sold_once_whatever_dies(
    fresh_database: DatabaseUrls, tmp_path: Path, full_counts: bool
) -> None:
    stock, attempts, kills = (10_000, 12_000, 20) if full_counts else (300, 360, 2)
    source = engine(fresh_database.app)
    shop = await open_shop(Settings(var=tmp_path), source)
    async with writing(source) as session:
        stocked = Stocked(shop, await one_sku(session))
    await stocked.stock(codes(stock), cost_fen=4000 * stock)
    start_fen = attempts * PRICE_FEN
    buyers = [await stocked.customer(f"buyer-{number}", start_fen) for number in range(BUYERS)]
    given = await _log_in(stocked, buyers)
    environment = {**fresh_database.environment(), "MINGSUAN_VAR": str(tmp_path)}
    async with source.connect() as old:
        await old.execution_options(isolation_level="REPEATABLE READ")
        await old.execute(text("set local idle_in_transaction_session_timeout = 0"))  # however slow the machine is
        await old.execute(text("select count(*) from shop.card"))
        with Workers(2, environment, tmp_path) as workers:
            sale = Sale(workers, str(stocked.sku.id), given, random.Random(SEED))  # noqa: S311
            await sale.sell(stock * 6 // 10, kills // 2)
            await _shown_as_unsold(stocked, sale)
            await sale.sell(attempts - sale.answered, kills - kills // 2)
            await _shown_as_unsold(stocked, sale)
            assert (workers.kills, sale.repeats > 0) == (kills, True)
        seen = await old.execute(text("select count(*) from shop.card where free_at = '-infinity'"))
        assert seen.all() == [(stock,)]

    assert (len(sale.orders), len(sale.refusals)) == (stock, attempts - stock)
    assert set(sale.refusals.values()) == {"/problems/out-of-stock"}
    await _books_agree(stocked, sale, stock, start_fen)
    await source.dispose()


async def _books_agree(stocked: Stocked, sale: Sale, stock: int, start_fen: int) -> None:
    told = sorted(order["order_no"] for order in sale.orders.values())
    assert sorted(no for (no,) in await stocked.rows("select order_no from shop.orders")) == told
    assert len(set(told)) == stock
    cards = "select count(*), count(distinct delivered_fulfilment_id), count(*) filter (where state = 'delivered')"
    assert await stocked.rows(f"{cards} from shop.card") == [(stock, stock, stock)]
    counts = """select (select count(*) from shop.fulfilment where state = 'delivered'),
        (select count(*) from shop.payment where state = 'succeeded'),
        (select count(*) from shop.idempotency_key where subject like 'customer:%')"""
    assert await stocked.rows(counts) == [(stock, stock, stock)]
    async with reading(stocked.shop.engine) as session:
        assert (await ledger.check(session)).is_whole
    sold_to = Counter(dict(await stocked.rows("select customer_id, count(*) from shop.orders group by 1")))
    wallets = dict(await stocked.rows("select customer_id, balance_fen from shop.wallet"))
    assert wallets == {customer: start_fen - sold_to[customer] * PRICE_FEN for customer in wallets}
    accounts = dict(await stocked.rows("select account, sum(amount_fen)::bigint from shop.ledger_entry group by 1"))
    assert accounts["sales"] == -stock * PRICE_FEN
    assert accounts["unearned_sales"] == accounts["card_inventory"] == 0
    assert accounts["customer_wallet"] == -sum(wallets.values())
