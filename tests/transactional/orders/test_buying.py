"""Buying from the wallet: what a shopper gets, what is refused, and what the ledger says afterwards."""

import asyncio

import pytest

from tests.transactional.orders.goods import ACCOUNT
from tests.transactional.small_shop import PRICE_FEN, Stocked, codes, unknown_sku
from transactional.accounts import service as accounts
from transactional.catalogue import service as catalogue
from transactional.catalogue.schemas import NewForm, NewPrice
from transactional.db import reading, writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    InsufficientBalanceError,
    OutOfStockError,
    PriceChangedError,
    UnavailableProductError,
)
from transactional.idempotency import CommandKey, first_time
from transactional.ledger import service as ledger
from transactional.orders import hot_path, service
from transactional.orders.errors import AnswersNeededError
from transactional.orders.requests import BuyRequest

pytestmark = pytest.mark.anyio


async def test_an_order_is_paid_delivered_and_posted_in_one_go(stocked: Stocked) -> None:
    await stocked.stock(codes(3), cost_fen=12001)
    buyer = await stocked.customer("li", 20000)

    placed = await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 2, "key-1", 2 * PRICE_FEN)

    async with reading(stocked.shop.engine) as session:
        order = await service.order(session, buyer.id, placed.order_no)
        balances = {account.code: account.balance_fen for account in await ledger.trial_balance(session)}
        findings = await ledger.check(session)
        wallet = await accounts.wallet(session, buyer.id, "CNY")
    assert (placed.state, placed.net_fen, placed.balance_fen) == ("delivered", 10000, 10000)
    assert [unit.state for item in order.items for unit in item.units] == ["delivered", "delivered"]
    assert [event.kind for event in order.events] == ["placed", "paid", "delivered"]
    cost_fen = balances["cogs"]
    assert cost_fen in (8000, 8001)
    assert balances == {
        "bank": 20000,
        "card_inventory": 12001 - cost_fen,
        "customer_wallet": -10000,
        "supplier_payable": -12001,
        "sales": -10000,
        "cogs": cost_fen,
    } | ({"unearned_sales": 0})
    assert findings.is_whole
    assert [(line.event, line.amount_fen, line.balance_fen, line.order_no) for line in wallet.lines] == [
        ("order_paid", -10000, 10000, placed.order_no),
        ("wallet_credited", 20000, 20000, None),
    ]
    assert wallet.lines[1].source == "bank"


async def test_each_delivered_unit_has_its_document_lines(stocked: Stocked) -> None:
    await stocked.stock(codes(1), cost_fen=4000)
    buyer = await stocked.customer("li", PRICE_FEN)
    await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key-1")
    lines = await stocked.rows("select kind, component, amount_fen from shop.document_line order by id")
    assert lines == [("delivery", "gross_sales", 5000), ("delivery", "cogs", 4000)]


async def test_the_same_key_gives_the_same_answer_and_buys_once(stocked: Stocked) -> None:
    await stocked.stock(codes(3))
    buyer = await stocked.customer("li", 50000)
    first = await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key-1")
    again = await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key-1")
    assert again == first
    assert await stocked.rows("select count(*) from shop.orders") == [(1,)]


async def test_the_same_key_for_another_purchase_is_refused(stocked: Stocked) -> None:
    await stocked.stock(codes(3))
    buyer = await stocked.customer("li", 50000)
    await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key-1")
    with pytest.raises(IdempotencyKeyReusedError):
        await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 2, "key-1")


async def test_one_persons_key_is_not_another_persons(stocked: Stocked) -> None:
    await stocked.stock(codes(3))
    buyers = [await stocked.customer(name, 50000) for name in ("li", "wang")]
    placed = [await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key-1") for buyer in buyers]
    assert placed[0].order_no != placed[1].order_no


async def test_ten_presses_of_the_button_at_once_buy_once(stocked: Stocked) -> None:
    await stocked.stock(codes(10))
    buyer = await stocked.customer("li", 100_000)

    intake = stocked.shop.intake
    answers = await asyncio.gather(*(intake.buy(buyer.id, stocked.sku.id, 1, "key-1") for _ in range(10)))
    async with writing(stocked.shop.engine) as session:
        once_more = await service.buy(session, buyer.id, stocked.sku.id, 1, "key-1", stocked.shop.zone)
    assert {answer.order_no for answer in answers} == {once_more.order_no}
    assert await stocked.rows("select count(*) from shop.card where state = 'delivered'") == [(1,)]


async def test_what_cannot_be_sold_is_refused_and_changes_nothing(stocked: Stocked) -> None:
    await stocked.stock(codes(2))
    poor = await stocked.customer("poor", PRICE_FEN - 1)
    rich = await stocked.customer("rich", 100_000)
    buy = stocked.shop.intake.buy
    with pytest.raises(InsufficientBalanceError) as refusal:
        await buy(poor.id, stocked.sku.id, 1, "a")
    assert refusal.value.values == {"balance_fen": 4999, "needed_fen": 5000}
    with pytest.raises(OutOfStockError):
        await buy(rich.id, stocked.sku.id, 3, "b")
    with pytest.raises(PriceChangedError):
        await buy(rich.id, stocked.sku.id, 1, "c", PRICE_FEN - 1)
    with pytest.raises(UnavailableProductError):
        await buy(rich.id, unknown_sku(), 1, "d")
    assert await stocked.rows("select count(*) from shop.orders") == [(0,)]
    assert await stocked.rows("select count(*) from shop.card where state <> 'available'") == [(0,)]
    assert await stocked.rows("select sum(balance_fen) from shop.wallet") == [(PRICE_FEN - 1 + 100_000,)]


@pytest.mark.parametrize("what", ["product", "sku"])
async def test_nothing_withdrawn_is_sold(stocked: Stocked, what: str) -> None:
    await stocked.stock(codes(1))
    buyer = await stocked.customer("li", 100_000)
    async with writing(stocked.shop.engine) as session:
        if what == "product":
            await catalogue.set_product_state(session, "steam-50", "withdrawn")
        else:
            await catalogue.set_sku_state(session, "STEAM-50", "withdrawn")
    with pytest.raises(UnavailableProductError):
        await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "a")


async def test_codes_of_unknown_cost_are_delivered_without_a_cost_posting(stocked: Stocked) -> None:
    await stocked.stock(codes(1), cost_fen=None)
    buyer = await stocked.customer("li", 100_000)
    await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "a")
    assert await stocked.rows("select count(*) from shop.ledger_entry where account = 'cogs'") == [(0,)]
    assert await stocked.rows("select cost_fen from shop.fulfilment") == [(None,)]


async def test_a_free_code_is_delivered_without_a_payment(stocked: Stocked) -> None:
    await stocked.stock(codes(1), cost_fen=100)
    buyer = await stocked.customer("li")
    async with writing(stocked.shop.engine) as session:
        await catalogue.set_price(session, NewPrice(sku_code="STEAM-50", list_price_fen=0))
    placed = await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "a")
    assert placed.net_fen == 0
    assert await stocked.rows("select count(*) from shop.payment") == [(0,)]
    assert await stocked.rows("select event from shop.ledger_transaction order by id") == [
        ("codes_bought",),
        ("item_delivered",),
    ]


async def test_a_batch_settles_each_of_its_requests_by_itself(stocked: Stocked) -> None:
    await stocked.stock(codes(3))
    rich, poor, late = [await stocked.customer(n, b) for n, b in (("rich", 99999), ("poor", 1), ("late", 99999))]
    requests = [BuyRequest(c.id, stocked.sku.id, q, "k") for c, q in ((rich, 2), (poor, 1), (late, 2))]
    async with writing(stocked.shop.engine) as session:
        outcomes = await hot_path.buy(session, requests, stocked.shop.zone)
    assert [getattr(outcome, "state", type(outcome)) for outcome in outcomes] == [
        "delivered",
        InsufficientBalanceError,
        OutOfStockError,
    ]
    async with reading(stocked.shop.engine) as session:
        assert (await ledger.check(session)).is_whole


async def test_a_batch_takes_one_purchase_per_customer(stocked: Stocked) -> None:
    buyer = await stocked.customer("li", 100_000)
    async with writing(stocked.shop.engine) as session:
        with pytest.raises(ValueError, match="one purchase per customer"):
            await hot_path.buy(session, [BuyRequest(buyer.id, stocked.sku.id, 1, k) for k in "ab"], stocked.shop.zone)


async def test_what_asks_the_buyer_something_is_refused_here_and_leaves_others_their_codes(stocked: Stocked) -> None:
    await stocked.stock(codes(1))
    buyer = await stocked.customer("li", PRICE_FEN)
    async with writing(stocked.shop.engine) as session:
        await catalogue.set_form(session, "steam-50", NewForm(fields=(ACCOUNT,)))
    with pytest.raises(AnswersNeededError):
        await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "k")
    assert await stocked.rows("select balance_fen from shop.wallet") == [(PRICE_FEN,)]
    assert await stocked.rows("select count(*) from shop.orders") == [(0,)]


async def test_a_purchase_waits_for_no_other_command_that_holds_the_same_key_and_may_want_the_wallet(
    stocked: Stocked,
) -> None:
    await stocked.stock(codes(1))
    buyer = await stocked.customer("li", PRICE_FEN)
    async with writing(stocked.shop.engine) as session:
        assert await first_time(session, CommandKey(f"customer:{buyer.id}", "k", "pay an order"))
        async with asyncio.timeout(5):
            placed = await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "k")
    assert placed.state == "delivered"
