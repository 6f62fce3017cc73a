"""Many buyers, few codes, over real connections: no code is sold twice and none is left while someone asks."""

import asyncio
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from tests.transactional.small_shop import PRICE_FEN, Stocked, codes
from transactional.db import WriteSession, engine, reading, writing
from transactional.errors import InsufficientBalanceError, OutOfStockError
from transactional.ledger import service as ledger
from transactional.orders import hot_path, intake
from transactional.orders.hot_path import Outcome
from transactional.orders.intake import Intake
from transactional.orders.requests import BuyRequest
from transactional.orders.schemas import OrderPlaced

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("quantity", [1, 3])
async def test_sixty_buyers_of_twenty_codes_get_exactly_what_is_there(
    stocked: Stocked, fresh_database: DatabaseUrls, quantity: int
) -> None:
    """Four processes' worth of intakes, each with connections of its own."""
    await stocked.stock(codes(20), cost_fen=100_000)
    buyers = [await stocked.customer(f"buyer-{number}", 10 * PRICE_FEN) for number in range(60)]
    engines = [engine(fresh_database.app) for _ in range(4)]
    intakes = [Intake(source, stocked.shop.zone) for source in engines]

    outcomes = await asyncio.gather(
        *(intakes[at % 4].buy(buyer.id, stocked.sku.id, quantity, "key") for at, buyer in enumerate(buyers)),
        return_exceptions=True,
    )
    for source in engines:
        await source.dispose()

    sold = [outcome for outcome in outcomes if isinstance(outcome, OrderPlaced)]
    assert len(sold) == 20 // quantity
    assert all(isinstance(outcome, OrderPlaced | OutOfStockError) for outcome in outcomes)
    delivered = len(sold) * quantity
    assert await stocked.rows("select count(*), count(distinct delivered_fulfilment_id) from shop.card") == [
        (20, delivered)
    ]
    assert await stocked.rows("select count(*) from shop.fulfilment where state = 'delivered'") == [(delivered,)]
    async with reading(stocked.shop.engine) as session:
        assert (await ledger.check(session)).is_whole
    [(left_fen,)] = await stocked.rows("select sum(balance_fen) from shop.wallet")
    assert left_fen == 60 * 10 * PRICE_FEN - delivered * PRICE_FEN


@pytest.mark.parametrize(("balance_fen", "stock"), [(PRICE_FEN, 40), (10 * PRICE_FEN, 1)], ids=["money", "code"])
async def test_a_purchase_sent_twice_at_once_is_never_refused_for_what_it_took_itself(
    stocked: Stocked, fresh_database: DatabaseUrls, balance_fen: int, stock: int
) -> None:
    """The last money, the last code: the second comer sees them gone, and gets the first answer all the same."""
    await stocked.stock(codes(stock))
    buyer = await stocked.customer("li", balance_fen)
    engines = [engine(fresh_database.app) for _ in range(4)]
    intakes = [Intake(source, stocked.shop.zone) for source in engines]
    outcomes = await asyncio.gather(
        *(each.buy(buyer.id, stocked.sku.id, 1, "the same key") for each in intakes), return_exceptions=True
    )
    for source in engines:
        await source.dispose()
    assert all(isinstance(outcome, OrderPlaced) for outcome in outcomes), outcomes
    assert len({outcome.order_no for outcome in outcomes if isinstance(outcome, OrderPlaced)}) == 1
    assert await stocked.rows("select count(*) from shop.orders") == [(1,)]


async def test_one_wallet_is_never_spent_twice(stocked: Stocked, fresh_database: DatabaseUrls) -> None:
    await stocked.stock(codes(20))
    buyer = await stocked.customer("li", 5 * PRICE_FEN)
    engines = [engine(fresh_database.app) for _ in range(4)]
    intakes = [Intake(source, stocked.shop.zone) for source in engines]
    outcomes = await asyncio.gather(
        *(intakes[at % 4].buy(buyer.id, stocked.sku.id, 1, f"key-{at}") for at in range(20)), return_exceptions=True
    )
    for source in engines:
        await source.dispose()
    told = sorted(outcome.balance_fen for outcome in outcomes if isinstance(outcome, OrderPlaced))
    assert told == [0, PRICE_FEN, 2 * PRICE_FEN, 3 * PRICE_FEN, 4 * PRICE_FEN]
    assert sum(isinstance(outcome, InsufficientBalanceError) for outcome in outcomes) == 15
    assert await stocked.rows("select balance_fen from shop.wallet") == [(0,)]


async def test_a_code_locked_by_a_purchase_that_fails_is_still_sold(stocked: Stocked) -> None:
    """The intake asks again while free codes are locked, before it says that nothing is left."""
    await stocked.stock(codes(1))
    buyer = await stocked.customer("li", PRICE_FEN)
    async with stocked.shop.engine.connect() as other:
        await other.execute(text("select from shop.card for update"))
        purchase = asyncio.create_task(stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key"))
        while not await stocked.rows("select from shop.orders_id_seq where last_value >= 2"):
            assert not purchase.done()
        await other.rollback()
    assert (await purchase).state == "delivered"


async def test_a_purchase_right_after_another_never_waits_for_a_lane_that_has_ended(
    stocked: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller of the first goes on before the event loop has cleared that lane away."""
    monkeypatch.setattr(intake, "LANES", 1)
    await stocked.stock(codes(3))
    buyer = await stocked.customer("li", 3 * PRICE_FEN)
    async with asyncio.timeout(20):
        for key in "abc":
            assert (await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, key)).state == "delivered"


async def test_purchases_that_wait_together_travel_together(stocked: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    real = hot_path.buy

    async def counted(session: WriteSession, requests: Sequence[BuyRequest], zone: ZoneInfo) -> list[Outcome]:
        sizes.append(len(requests))
        return await real(session, requests, zone)

    monkeypatch.setattr(hot_path, "buy", counted)
    monkeypatch.setattr(intake, "LANES", 1)
    await stocked.stock(codes(70))
    buyers = [await stocked.customer(f"buyer-{number}", PRICE_FEN) for number in range(70)]
    buy = stocked.shop.intake.buy
    await asyncio.gather(*(buy(buyer.id, stocked.sku.id, 1, "key") for buyer in buyers))
    assert sizes == [64, 6]


async def test_a_purchase_that_cannot_be_paid_hides_no_code_from_others(stocked: Stocked) -> None:
    await stocked.stock(codes(1))
    poor, rich = [await stocked.customer(name, fen) for name, fen in (("poor", 1), ("rich", PRICE_FEN))]
    engine_here, zone = stocked.shop.engine, stocked.shop.zone
    async with writing(engine_here) as first, writing(engine_here) as second:
        [refused] = await hot_path.buy(first, [BuyRequest(poor.id, stocked.sku.id, 1, "key")], zone)
        [placed] = await hot_path.buy(second, [BuyRequest(rich.id, stocked.sku.id, 1, "key")], zone)
    assert isinstance(refused, InsufficientBalanceError)
    assert isinstance(placed, OrderPlaced)
