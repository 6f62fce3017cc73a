"""The margin guard: what could only be bought below the floor is sold out, wherever a shopper meets it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from mingsuan import clock
from tests.transactional.small_shop import Stocked, codes, with_money
from tests.transactional.suppliers.routed import Supplied
from transactional.accounts.schemas import CustomerSubject
from transactional.catalogue import service as catalogue
from transactional.catalogue.schemas import NewProduct, NewSku
from transactional.db import reading, writing
from transactional.errors import OutOfStockError
from transactional.orders.checkout import PlacedOrder, Terms, Wanted, place
from transactional.payments.wallet import pay_from_wallet
from transactional.suppliers.models import RoutingDecision
from transactional.suppliers.routing import deciding as routing
from transactional.suppliers.routing.records import replay

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Till:
    """A shop whose one SKU, sold at ¥50, is bought from channels; the clock stands still."""

    supplied: Supplied

    @property
    def sku(self) -> UUID:
        return self.supplied.stocked.sku.id

    async def customer(self) -> CustomerSubject:
        async with writing(self.supplied.stocked.shop.engine) as session:
            return await with_money(session, self.supplied.stocked.shop, "buyer", 1_000_000)

    async def shown(self) -> int | None:
        """What the catalogue says is left."""
        async with reading(self.supplied.stocked.shop.engine) as session:
            [product] = (await catalogue.products(session)).items
            of_sku = await catalogue.stock(session, [self.sku], clock.now())
            sheet = await catalogue.product(session, product.slug)
        assert product.stock == of_sku[self.sku] == sheet.skus[0].stock
        return product.stock

    async def order(self, customer: CustomerSubject, quantity: int = 1) -> PlacedOrder:
        shop, lines = self.supplied.stocked.shop, [Wanted(self.sku, quantity)]
        async with writing(shop.engine) as session:
            terms = Terms(timedelta(minutes=15))
            return await place(session, shop.vault, customer.id, lines, terms, clock.now(), shop.zone)

    async def pay(self, customer: CustomerSubject, order: PlacedOrder) -> None:
        shop = self.supplied.stocked.shop
        async with writing(shop.engine) as session:
            await pay_from_wallet(session, order.order_no, customer.id, clock.now(), shop.zone)

    async def does(self, sql: str, **values: Any) -> Sequence[Any]:
        return await self.supplied.stocked.rows(f"{sql} returning 1", **values)

    async def cost(self, unit_cost: str) -> None:
        await self.does("update shop.offer set unit_cost = cast(:cost as numeric)", cost=unit_cost)

    async def decisions(self) -> list[RoutingDecision]:
        async with reading(self.supplied.stocked.shop.engine) as session:
            return list(await session.scalars(select(RoutingDecision).order_by(RoutingDecision.id)))


@pytest.fixture
async def till(stocked: Stocked) -> Till:
    made = Till(Supplied(stocked))
    await made.does("update shop.product set kind = 'api_topup'")
    return made


async def test_a_top_up_that_no_channel_ever_offered_is_made_to_order(till: Till) -> None:
    assert await till.shown() is None


async def test_a_top_up_is_sold_out_when_its_cost_eats_the_floor_and_back_when_it_falls(till: Till) -> None:
    await till.supplied.policy(floor_margin_per_myriad=400)
    await till.supplied.channel("A", "48.00")
    assert await till.shown() is None
    await till.cost("48.01")
    assert await till.shown() == 0
    with pytest.raises(OutOfStockError):
        await till.order(await till.customer())
    await till.cost("47.99")
    assert await till.shown() is None


@pytest.mark.parametrize("state", ["paused", "ended"])
async def test_a_top_up_is_sold_out_while_its_only_channel_is_gone(till: Till, state: str) -> None:
    await till.supplied.channel("A", "45.00", state=state)
    assert await till.shown() == 0


async def test_codes_that_suppliers_have_are_for_sale_without_stock_and_their_order_holds_none(till: Till) -> None:
    await till.does("update shop.product set kind = 'card_code'")
    assert await till.shown() == 0
    await till.supplied.channel("A", "45.00")
    assert await till.shown() is None
    customer = await till.customer()
    await till.order(customer, 3)
    [row] = await till.decisions()
    assert (row.stage, row.outcome, row.inputs["situation"]["quantity"]) == ("quote", "chosen", 3)


async def test_codes_in_stock_are_sold_from_it_whatever_suppliers_ask(till: Till) -> None:
    await till.does("update shop.product set kind = 'card_code'")
    await till.supplied.stocked.stock(codes(2), 8000)
    await till.supplied.channel("A", "60.00")
    assert await till.shown() == 2
    customer = await till.customer()
    await till.pay(customer, await till.order(customer, 2))
    assert await till.decisions() == []
    assert await till.shown() == 0


async def test_a_bundle_is_sold_out_with_its_part(till: Till) -> None:
    await till.supplied.channel("A", "45.00")
    bundle = "insert into shop.bundle_item (bundle_sku_id, part_sku_id, quantity) select :bundle, :part, 2"
    async with writing(till.supplied.stocked.shop.engine) as session:
        slug = (await catalogue.products(session)).items[0].slug
        new = NewProduct(category_slug=f"c-{slug}", slug="two", title_zh="两份", title_en="Two", kind="bundle")
        await catalogue.add_product(session, new)
        sku = await catalogue.add_sku(
            session, NewSku(product_slug="two", code="TWO", name_zh="两", name_en="Two", list_price_fen=9900)
        )
        ids = [await catalogue.sku_id(session, code) for code in ("TWO", till.supplied.stocked.sku.code)]
    await till.does(bundle, bundle=ids[0], part=ids[1])
    async with reading(till.supplied.stocked.shop.engine) as session:
        assert await catalogue.stock(session, [sku.id], clock.now()) == {sku.id: None}
    await till.cost("50.01")
    async with reading(till.supplied.stocked.shop.engine) as session:
        assert await catalogue.stock(session, [sku.id], clock.now()) == {sku.id: 0}


async def test_no_money_is_taken_for_what_became_too_dear_since_the_order(till: Till) -> None:
    await till.supplied.channel("A", "45.00")
    customer = await till.customer()
    order = await till.order(customer)
    await till.cost("50.01")
    with pytest.raises(OutOfStockError):
        await till.pay(customer, order)
    assert await till.supplied.stocked.rows("select balance_fen from shop.wallet") == [(1_000_000,)]


@pytest.mark.parametrize(("at_loss", "floor"), [("hold", 0), ("refund", 0), ("hold", 300)])
async def test_cost_inversion_a_price_jump_between_quote_and_purchase_loses_no_fen_beyond_policy(
    till: Till, at_loss: str, floor: int
) -> None:
    """Whatever the cost becomes, a purchase is decided on only where the sale still earns the floor."""
    await till.supplied.policy(floor_margin_fen=floor, at_loss=at_loss)
    await till.supplied.channel("A", "45.00")
    customer = await till.customer()
    order = await till.order(customer)
    await till.pay(customer, order)
    sku_id = await till.supplied.sku_id()
    for fen in range(4400, 5400, 37):
        await till.cost(f"{fen / 100:.2f}")
        async with writing(till.supplied.stocked.shop.engine) as session:
            decided = await routing.decide(
                session, stage="purchase", sku_id=sku_id, quantity=1, net_fen=order.net_fen, at=clock.now()
            )
        assert decided.outcome == ("chosen" if order.net_fen - fen >= floor else at_loss)
    rows = await till.decisions()
    assert [row.stage for row in rows[:2]] == ["quote", "payment"]
    assert {row.outcome for row in rows} == {"chosen", at_loss}
    assert all(replay(row).agrees for row in rows)
