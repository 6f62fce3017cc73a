"""Unpaid orders: what is kept, for how long, what is refused, and that a hold ends by time alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from mingsuan import clock
from tests.transactional.orders.goods import ACCOUNT, TERMS, Market
from transactional.accounts.schemas import CustomerSubject
from transactional.catalogue import service as catalogue
from transactional.catalogue.errors import DearBundleError
from transactional.catalogue.forms import FormField
from transactional.catalogue.schemas import NewPrice, SkuView
from transactional.db import reading, writing
from transactional.errors import (
    InvalidInputError,
    OutOfStockError,
    PriceChangedError,
    ShopError,
    UnavailableProductError,
)
from transactional.orders import fulfilment, service
from transactional.orders.checkout import Wanted, place
from transactional.orders.errors import EmptyOrderError, HoldLimitError, OrderMovedOnError, TooManyUnitsError
from transactional.selling import SellingPausedError, pause

pytestmark = pytest.mark.anyio
FREE = "select count(*) from shop.card where free_at <= :at and delivered_fulfilment_id is null"


async def test_what_is_ordered_is_kept_until_it_is_to_be_paid_and_free_again_afterwards(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 5)
    placed = await market.order(await market.customer("li"), (sku, 3))
    assert (placed.state, placed.net_fen) == ("pending_payment", 3000)
    assert placed.pay_by is not None
    assert placed.pay_by - placed.ordered_at == TERMS.hold
    for later, free in ((0, 2), (15, 5)):
        with clock.at(placed.ordered_at + timedelta(minutes=later)):
            assert await market.one(FREE, at=clock.now()) == free
            async with reading(market.shop.engine) as session:
                assert (await catalogue.product(session, "a")).stock == free


async def test_an_order_that_ran_out_is_shown_as_cancelled_before_anything_tidied_it(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 1)
    li = await market.customer("li")
    placed = await market.order(li, (sku, 1))
    with clock.at(placed.ordered_at + timedelta(minutes=16)):
        async with reading(market.shop.engine) as session:
            shown = await service.order(session, li.id, placed.order_no)
            listed = await service.orders(session, li.id)
        assert (shown.state, listed.items[0].state) == ("cancelled", "cancelled")
        assert await market.state(placed.order_no) == "pending_payment"
        async with writing(market.shop.engine) as session:
            assert await fulfilment.unpaid_expired(session, clock.now()) == 1
        async with writing(market.shop.engine) as session:
            assert await fulfilment.unpaid_expired(session, clock.now()) == 0
    assert await market.state(placed.order_no) == "cancelled"
    assert [kind for (kind,) in await market.rows("select kind from shop.order_event order by id")] == [
        "placed",
        "expired",
    ]


async def test_a_bundle_keeps_its_parts_and_is_sold_out_with_its_scarcest(market: Market) -> None:
    for code, count in (("A", 5), ("B", 3)):
        await market.sku(code)
        await market.stock(code, count)
    await market.sku("S", "manual_service", 500)
    pack = await market.bundle("PACK", 3000, {"A": 2, "B": 1, "S": 1})
    li, wang = await market.customer("li"), await market.customer("wang")
    async with reading(market.shop.engine) as session:
        assert (await catalogue.product(session, "pack")).skus[0].stock == 2
    placed = await market.order(li, (pack, 2))
    assert placed.net_fen == 6000
    lines = "select quantity, gross_fen, discount_fen, net_fen, bundle_quantity from shop.order_item order by line_no"
    assert await market.rows(lines) == [(4, 4000, 571, 3429, 2), (2, 2000, 286, 1714, 2), (2, 1000, 143, 857, 2)]
    async with reading(market.shop.engine) as session:
        assert (await catalogue.product(session, "pack")).stock == 0
    with pytest.raises(OutOfStockError):
        await market.order(wang, (pack, 1))
    assert await market.one(FREE, at=clock.now()) == 2


async def test_a_refused_order_leaves_nothing_behind(market: Market) -> None:
    a, b = await market.sku("A"), await market.sku("B")
    await market.stock("A", 5)
    await market.stock("B", 1)
    li = await market.customer("li")
    with pytest.raises(OutOfStockError):
        await market.order(li, (a, 2), (b, 2))
    assert await market.one(FREE, at=clock.now()) == 6
    assert await market.one("select count(*) from shop.orders where state = 'pending_payment'") == 0


Case = Callable[[Market, CustomerSubject, SkuView], object]


@pytest.mark.parametrize(
    ("refusal", "ask"),
    [
        (EmptyOrderError, lambda market, li, _: market.order(li)),
        (TooManyUnitsError, lambda market, li, sku: market.order(li, (sku, 2), (sku, 2))),
        (InvalidInputError, lambda market, li, sku: market.order(li, (sku, 1), answers={"unasked": "x"})),
    ],
)
async def test_what_cannot_be_ordered_is_refused(market: Market, refusal: type[ShopError], ask: Case) -> None:
    sku = await market.sku("A", max_per_order=3)
    await market.stock("A", 9)
    with pytest.raises(refusal):
        await ask(market, await market.customer("li"), sku)  # type: ignore[misc]


async def test_other_prices_withdrawn_goods_and_a_paused_shop_are_refused(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 9)
    li = await market.customer("li")
    async with writing(market.shop.engine) as session:
        with pytest.raises(PriceChangedError):
            await place(
                session, market.shop.vault, li.id, [Wanted(sku.id, 1)], TERMS, clock.now(), market.shop.zone, 999
            )
        await catalogue.set_sku_state(session, "A", "withdrawn")
    with pytest.raises(UnavailableProductError):
        await market.order(li, (sku, 1))
    async with writing(market.shop.engine) as session:
        await pause(session, "stocktaking", None)
    with pytest.raises(SellingPausedError):
        await market.order(li, (sku, 1))


async def test_a_bundle_whose_parts_became_cheaper_is_refused_and_not_sold_at_a_loss_of_sense(market: Market) -> None:
    await market.sku("A", price_fen=1000)
    await market.stock("A", 9)
    pack = await market.bundle("PACK", 1500, {"A": 2})
    async with writing(market.shop.engine) as session:
        await catalogue.set_price(session, NewPrice(sku_code="A", list_price_fen=700))
    with pytest.raises(DearBundleError):
        await market.order(await market.customer("li"), (pack, 1))


async def test_answers_to_a_form_are_required_checked_and_kept_with_their_line(market: Market) -> None:
    server = FormField(name="server", label_zh="服", label_en="Server", kind="select", options=("East", "West"))
    topup = await market.sku("TOPUP", "api_topup", form=(ACCOUNT, server))
    li = await market.customer("li")
    for answers in ({}, {"account": "li"}, {"account": "li", "server": "North"}):
        with pytest.raises(InvalidInputError) as refused:
            await market.order(li, (topup, 1), answers=answers)
        assert all(problem.place.startswith("form_answers.") for problem in refused.value.problems)
    placed = await market.order(li, (topup, 1), answers={"account": " li ", "server": "East"})
    async with writing(market.shop.engine) as session:
        [item] = (await service.order_with_answers(session, market.shop.vault, li.id, placed.order_no)).items
        [bare] = (await service.order(session, li.id, placed.order_no)).items
    assert [(said.label_zh, said.value) for said in item.answers] == [("账号", "li"), ("服", "East")]
    assert bare.answers == ()


async def test_a_new_customer_keeps_little_and_one_who_lets_orders_expire_less(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 30)
    new = await market.customer("new", proven=False)
    first = await market.order(new, (sku, 5))
    assert first.pay_by == first.ordered_at + timedelta(minutes=10)
    with pytest.raises(HoldLimitError) as refused:
        await market.order(new, (sku, 1))
    assert refused.value.values == {"units": 0}
    later = first.ordered_at
    for _ in range(2):
        later += timedelta(minutes=11)
        with clock.at(later):
            await market.order(new, (sku, 1))
    with clock.at(later + timedelta(minutes=11)):
        with pytest.raises(HoldLimitError):
            await market.order(new, (sku, 2))
        last = await market.order(new, (sku, 1))
        assert last.pay_by == last.ordered_at + timedelta(minutes=5)


async def test_a_cancelled_order_gives_its_units_back_at_once_and_only_to_its_owner(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 2)
    li, wang = await market.customer("li"), await market.customer("wang")
    placed = await market.order(li, (sku, 2))
    with pytest.raises(ShopError):
        await _cancel(market, placed.order_no, wang.id)
    for _ in range(2):
        await _cancel(market, placed.order_no, li.id)
    assert await market.one(FREE, at=clock.now()) == 2
    assert await market.state(placed.order_no) == "cancelled"
    paid = await market.order(li, (sku, 1))
    await market.pay(paid)
    with pytest.raises(OrderMovedOnError):
        await _cancel(market, paid.order_no, li.id)


async def test_what_costs_nothing_is_delivered_without_a_payment(market: Market) -> None:
    sku = await market.sku("A", price_fen=0)
    await market.stock("A", 1, cost_fen=70)
    placed = await market.order(await market.customer("li"), (sku, 1))
    assert (placed.state, placed.pay_by) == ("delivered", None)
    assert await market.one("select count(*) from shop.payment") == 0
    assert await market.balances() == {"supplier_payable": -70, "cogs": 70}


async def _cancel(market: Market, order_no: str, customer_id: int) -> None:
    async with writing(market.shop.engine) as session:
        await fulfilment.cancel(session, order_no, customer_id)
