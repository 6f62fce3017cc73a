"""Many buyers, few codes, over real connections: no code is sold twice and none is left while someone asks."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from tests.transactional.small_shop import PRICE_FEN, Stocked, codes
from transactional.db import WriteSession, engine, reading, writing
from transactional.errors import InsufficientBalanceError, OutOfStockError
from transactional.ledger import service as ledger
from transactional.orders import hot_path, intake
from transactional.orders.errors import TooManyUnitsError
from transactional.orders.floors import Floors
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

    async def counted(
        session: WriteSession, requests: Sequence[BuyRequest], zone: ZoneInfo, floors: Floors
    ) -> list[Outcome]:
        sizes.append(len(requests))
        return await real(session, requests, zone, floors)

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


async def test_codes_before_the_place_where_stock_was_last_found_are_found_too(stocked: Stocked) -> None:
    """Codes that came back or came in lie anywhere; a process that looks elsewhere first still sells every one."""
    await stocked.stock(codes(4))
    buyer = await stocked.customer("li", 6 * PRICE_FEN)
    buy = stocked.shop.intake.buy
    for key in "abc":
        await buy(buyer.id, stocked.sku.id, 1, key)
    await stocked.rows("update shop.card set pick = 0 where delivered_fulfilment_id is null returning id")
    await stocked.stock(codes(1, "LATER"))
    await stocked.rows("update shop.card set pick = 1 where id = (select max(id) from shop.card) returning id")
    assert (await buy(buyer.id, stocked.sku.id, 2, "both at once")).quantity == 2
    with pytest.raises(OutOfStockError):
        await buy(buyer.id, stocked.sku.id, 1, "none left")


async def test_the_search_goes_on_where_codes_were_last_found(stocked: Stocked) -> None:
    await stocked.stock(codes(6))
    buyer = await stocked.customer("li", 6 * PRICE_FEN)
    order = [id_ for (id_,) in await stocked.rows("select id from shop.card order by pick")]
    floors = Floors()
    for key in ("a", "b"):
        async with writing(stocked.shop.engine) as session:
            [placed] = await hot_path.buy(
                session, [BuyRequest(buyer.id, stocked.sku.id, 2, key)], stocked.shop.zone, floors
            )
            assert isinstance(placed, OrderPlaced)
    [(pick,)] = await stocked.rows("select pick from shop.card where id = :id", id=order[3])
    assert (floors.free_at([stocked.sku.id]), floors.pick([stocked.sku.id])) == (["-infinity"], [pick])
    await stocked.rows("update shop.card set pick = -1 where id = :id returning id", id=order[5])
    async with writing(stocked.shop.engine) as session:
        await hot_path.buy(session, [BuyRequest(buyer.id, stocked.sku.id, 1, "c")], stocked.shop.zone, floors)
    assert await stocked.rows("select id from shop.card where free_at = '-infinity'") == [(order[5],)]


async def test_a_snapshot_held_open_changes_no_outcome(stocked: Stocked) -> None:
    await stocked.stock(codes(40))
    buyers = [await stocked.customer(f"buyer-{number}", PRICE_FEN) for number in range(50)]
    async with stocked.shop.engine.connect() as reader:
        await reader.execution_options(isolation_level="REPEATABLE READ")
        await reader.execute(text("select count(*) from shop.card"))
        for start in range(0, 50, 10):
            outcomes = await asyncio.gather(
                *(stocked.shop.intake.buy(b.id, stocked.sku.id, 1, "key") for b in buyers[start : start + 10]),
                return_exceptions=True,
            )
            expected = OrderPlaced if start < 40 else OutOfStockError
            assert all(isinstance(outcome, expected) for outcome in outcomes), outcomes
        seen = await reader.execute(text("select count(*) from shop.card where state = 'available'"))
        assert seen.all() == [(40,)]
        await reader.rollback()
    assert await stocked.rows("select count(distinct delivered_fulfilment_id) from shop.card") == [(40,)]


async def test_expired_codes_are_never_sold(stocked: Stocked) -> None:
    await stocked.stock(codes(2))
    buyer = await stocked.customer("li", 2 * PRICE_FEN)
    await stocked.rows(
        "update shop.card set expires_at = now() - interval '1 s' where id = (select min(id) from shop.card)"
        " returning id"
    )
    assert (await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "a")).state == "delivered"
    with pytest.raises(OutOfStockError):
        await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "b")
    assert await stocked.rows("select expires_at from shop.card where state = 'delivered'") == [(None,)]


async def test_a_hold_keeps_codes_from_others_until_it_ends_and_delivery_forgets_whose_it_was(stocked: Stocked) -> None:
    await stocked.stock(codes(2))
    buyer, other = [await stocked.customer(name, 2 * PRICE_FEN) for name in ("li", "wang")]
    await stocked.shop.intake.buy(other.id, stocked.sku.id, 1, "key")
    hold = (
        "update shop.card set held_item_id = (select min(id) from shop.order_item), free_at = now() + :left"
        " where delivered_fulfilment_id is null returning id"
    )
    await stocked.rows(hold, left=timedelta(minutes=5))
    with pytest.raises(OutOfStockError):
        await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "while held")
    await stocked.rows(hold, left=timedelta(seconds=-1))
    assert (await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "ended")).state == "delivered"
    assert await stocked.rows("select count(*) from shop.card where held_item_id is not null") == [(0,)]


async def test_an_order_holds_at_most_what_the_sku_allows(stocked: Stocked) -> None:
    await stocked.stock(codes(3))
    buyer = await stocked.customer("li", 3 * PRICE_FEN)
    await stocked.rows("update shop.sku set max_per_order = 2 returning id")
    with pytest.raises(TooManyUnitsError):
        await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 3, "three")
    assert (await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 2, "two")).quantity == 2


async def test_requests_that_hold_every_connection_do_not_keep_purchases_waiting(stocked: Stocked) -> None:
    """Pages hold one while they buy, look up who asks, and show the catalogue."""
    await stocked.stock(codes(1))
    buyer = await stocked.customer("li", PRICE_FEN)
    async with AsyncExitStack() as held, asyncio.timeout(20):
        for _ in range(20):
            await held.enter_async_context(reading(stocked.shop.engine))
        assert (await stocked.shop.catalogue.product("steam-50")).stock == 1
        assert await stocked.shop.log_ins.customer("nobody's") is None
        assert (await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key")).state == "delivered"
