"""Goods of every kind to order in tests, and shoppers who check out and pay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from mingsuan import clock
from tests.transactional.small_shop import stock, with_money
from transactional.accounts.schemas import CustomerSubject
from transactional.cards.models import CardBatch
from transactional.catalogue import service as catalogue
from transactional.catalogue.forms import FormField
from transactional.catalogue.schemas import (
    NewCategory,
    NewPart,
    NewParts,
    NewProduct,
    NewSku,
    ProductKind,
    SkuView,
)
from transactional.db import WriteSession, writing
from transactional.ledger import service as ledger
from transactional.ledger.rules import codes_bought, order_paid
from transactional.orders import due, fulfilment
from transactional.orders.checkout import PlacedOrder, Terms, Wanted, place
from transactional.orders.fulfilment import PaidDecision
from transactional.payments.models import Payment
from transactional.shop import Shop

TERMS = Terms(timedelta(minutes=15))
ACCOUNT = FormField(name="account", label_zh="账号", label_en="Account")


@dataclass(frozen=True)
class Market:
    """A shop whose tests commit."""

    shop: Shop

    async def customer(self, name: str, *, proven: bool = True) -> CustomerSubject:
        """A shopper; a proven one has paid before and so may keep more, longer."""
        async with writing(self.shop.engine) as session:
            customer = await with_money(session, self.shop, name, 0)
            if proven:
                await session.execute(text(PAID_BEFORE), {"customer_id": customer.id, "order_no": f"before-{name}"})
        return customer

    async def sku(
        self,
        code: str,
        kind: ProductKind = "card_code",
        price_fen: int = 1000,
        *,
        form: Sequence[FormField] = (),
        **limits: Any,
    ) -> SkuView:
        """A published SKU of a product of its own."""
        async with writing(self.shop.engine) as session:
            slug = code.lower()
            await catalogue.add_category(session, NewCategory(slug=f"c-{slug}", name_zh="类", name_en="Things"))
            product = NewProduct(
                category_slug=f"c-{slug}",
                slug=slug,
                kind=kind,
                title_zh=code,
                title_en=code,
                publish_state="published",
                delivery_form=tuple(form),
            )
            await catalogue.add_product(session, product)
            new = NewSku(product_slug=slug, code=code, name_zh=code, name_en=code, list_price_fen=price_fen, **limits)
            return await catalogue.add_sku(session, new)

    async def bundle(self, code: str, price_fen: int, parts: Mapping[str, int]) -> SkuView:
        bundle = await self.sku(code, "bundle", price_fen)
        async with writing(self.shop.engine) as session:
            new = NewParts(parts=tuple(NewPart(sku_code=part, quantity=count) for part, count in parts.items()))
            await catalogue.set_parts(session, code, new)
        return bundle

    async def stock(self, code: str, count: int, cost_fen: int = 0) -> None:
        """Codes at so many fen each."""
        known = await self.one("select count(*) from shop.card")
        async with writing(self.shop.engine) as session:
            names = [f"{code}-{known + number:05}" for number in range(count)]
            await stock(session, self.shop, code, names, cost_fen * count)

    async def units(self, code: str, count: int, cost_fen: int) -> None:
        """Physical units: cards without ciphertext."""
        async with writing(self.shop.engine) as session:
            sku_id = await catalogue.sku_id(session, code)
            batch = CardBatch(
                sku_id=sku_id,
                card_count=count,
                total_cost_fen=cost_fen * count,
                file_name="",
                file_sha256=f"units of {code} {count}".encode(),
            )
            session.add(batch)
            await session.flush()
            await session.execute(text(UNITS), {"batch": batch.id, "sku": sku_id, "fen": cost_fen, "n": count})
            await ledger.post(session, [codes_bought(batch.id, cost_fen * count, clock.now())], self.shop.zone)

    async def order(
        self, customer: CustomerSubject, *wanted: tuple[SkuView, int], answers: Mapping[str, str] | None = None
    ) -> PlacedOrder:
        lines = [Wanted(sku.id, quantity, answers) for sku, quantity in wanted]
        async with writing(self.shop.engine) as session:
            return await place(session, self.shop.vault, customer.id, lines, TERMS, clock.now(), self.shop.zone)

    async def pay(self, placed: PlacedOrder, at: datetime | None = None) -> PaidDecision:
        """As payments do: the payment and its posting first, then what becomes of the order."""
        async with writing(self.shop.engine) as session:
            return await pay(session, self.shop, placed, at or clock.now())

    async def one(self, sql: str, **values: Any) -> Any:
        async with writing(self.shop.engine) as session:
            return (await session.execute(text(sql), values)).scalar_one()

    async def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        async with writing(self.shop.engine) as session:
            return [tuple(row) for row in await session.execute(text(sql), values)]

    async def state(self, order_no: str) -> str:
        return str(await self.one("select state from shop.orders where order_no = :order_no", order_no=order_no))

    async def balances(self) -> dict[str, int]:
        """Accounts that are not at zero."""
        rows = "select account, sum(amount_fen)::bigint from shop.ledger_entry group by 1 having sum(amount_fen) <> 0"
        return dict(await self.rows(rows))

    async def fulfilment_ids(self, order_no: str) -> list[UUID]:
        units = """
        select f.public_id from shop.fulfilment as f join shop.order_item as i on i.id = f.order_item_id
        join shop.orders as o on o.id = i.order_id where o.order_no = :order_no order by i.line_no, f.unit_no
        """
        return [row[0] for row in await self.rows(units, order_no=order_no)]


UNITS = "insert into shop.card (batch_id, sku_id, cost_fen) select :batch, :sku, :fen from generate_series(1, :n)"
PAID_BEFORE = """
insert into shop.orders (order_no, customer_id, state, gross_fen, net_fen, paid_at)
values (:order_no, :customer_id, 'delivered', 1, 1, now() - interval '1 day')
"""


async def pay(session: WriteSession, shop: Shop, placed: PlacedOrder, at: datetime) -> PaidDecision:
    owed = await due.lock_due_by_id(session, placed.order_id)
    payment = Payment(
        order_id=owed.order_id,
        method="wechat",
        state="succeeded",
        amount_fen=owed.net_fen,
        paid_at=at,
        out_trade_no=f"P{owed.order_id}",
        gateway_trade_no=f"G{owed.order_id}",
    )
    session.add(payment)
    await session.flush()
    about = (payment.id, owed.order_id, owed.customer_id, "wechat", owed.net_fen, at, owed.membership_fen)
    await ledger.post(session, [order_paid(*about)], shop.zone)
    return await fulfilment.order_was_paid(session, owed.order_id, at, shop.zone)
