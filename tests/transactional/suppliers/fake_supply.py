"""A supplier without a network: says what a test tells it to say of its goods."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from tests.transactional.small_shop import Stocked
from transactional.catalogue import service as catalogue
from transactional.db import writing
from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.channels.forms import NewChannel
from transactional.suppliers.channels.keeping import NewSupplier
from transactional.suppliers.offers import observing as offers
from transactional.suppliers.offers.observing import OfferChange
from transactional.suppliers.protocols import configured
from transactional.suppliers.protocols.interface import BalanceFact, OfferFact

NOON = datetime(2026, 10, 22, 4, tzinfo=UTC)
"""Long enough ago that what a test does at the present instant comes after it."""
SECRET = "hush-hush-secret"


@dataclass
class Goods:
    """`facts` by the supplier's number; `is_silent` as after a power cut. `asked` counts calls for offers."""

    facts: dict[str, OfferFact] = field(default_factory=dict)
    is_silent: bool = False
    asked: int = 0
    credentials: dict[str, str] = field(default_factory=dict)
    amount: Decimal = Decimal("250.50")

    def offer(self, supplier_sku: str, cost: str | None, **about: Any) -> None:
        self.facts[supplier_sku] = fact(supplier_sku, cost, **about)

    async def offers(self, supplier_skus: Sequence[str] | None = None) -> tuple[OfferFact, ...]:
        self.asked += 1
        if self.is_silent:
            raise UnknownOutcomeError("no answer in time")
        return tuple(each for name, each in self.facts.items() if supplier_skus is None or name in supplier_skus)

    async def balance(self) -> BalanceFact:
        return BalanceFact(self.amount, "CNY")

    async def aclose(self) -> None:
        """There is nothing to end."""


def fact(supplier_sku: str, cost: str | None, **about: Any) -> OfferFact:
    values: dict[str, Any] = {"name": "Card", "currency": "CNY", "stock": 9, "on_sale": True, **about}
    return OfferFact(supplier_sku=supplier_sku, unit_cost=None if cost is None else Decimal(cost), **values)


@dataclass
class Supplied:
    """A shop that sells STEAM-50 at ¥50.00, and one channel that may supply it."""

    stocked: Stocked
    goods: Goods
    channel_id: int
    sku_id: int
    minutes: int = 0

    async def observe(self, *facts: OfferFact, source: str = "push", minutes: int = 1) -> tuple[OfferChange, ...]:
        """Each observation a minute after the one before, unless told otherwise."""
        self.minutes += minutes
        at = NOON + timedelta(minutes=self.minutes)
        async with writing(self.stocked.shop.engine) as session:
            known = {each.supplier_sku: self.sku_id for each in facts}
            return await offers.observe(session, self.channel_id, facts, source, at, sku_of=known)

    async def offer(self, supplier_sku: str = "A") -> tuple[Any, ...]:
        """State, its reason and the cost."""
        sql = "select state, state_reason, unit_cost from shop.offer where supplier_sku = :name"
        [row] = await self.stocked.rows(sql, name=supplier_sku)
        return row

    async def history(self) -> list[tuple[Any, ...]]:
        return await self.stocked.rows("select source, state, unit_cost, stock from shop.offer_observation order by id")

    async def alerts(self) -> list[tuple[Any, ...]]:
        """Those that are on."""
        return await self.stocked.rows("select kind, severity from shop.alert where ended_at is null order by id")


async def supplied(stocked: Stocked, monkeypatch: pytest.MonkeyPatch, **about: Any) -> Supplied:
    goods = Goods()

    def opened(protocol: str, url: str, credentials: dict[str, str], *rest: Any) -> Goods:
        goods.credentials = dict(credentials)
        return goods

    monkeypatch.setattr(configured, "supply", opened)
    shop = stocked.shop
    async with writing(shop.engine) as session:
        supplier = await channels.new_supplier(session, NewSupplier("福禄数科", "CNY", "prepaid"))
        row = await channels.add_channel(session, shop.vault, new_channel(supplier.id, **about), None)
        sku_id = await catalogue.sku_id(session, stocked.sku.code)
    return Supplied(stocked, goods, row.id, sku_id)


def new_channel(supplier_id: int | None, **about: Any) -> NewChannel:
    values: dict[str, Any] = {
        "code": "fulu-main",
        "name": "福禄 主账号",
        "protocol": "fulu",
        "base_url": "https://openapi.fulu.example/api",
        "credentials": {"app_key": "k-1", "app_secret": SECRET},
        **about,
    }
    return NewChannel(supplier_id=supplier_id, **values)


async def set_price(stocked: Stocked, fen: int) -> None:
    async with writing(stocked.shop.engine) as session:
        sql = "insert into shop.price (sku_id, list_price_fen) select id, :fen from shop.sku where code = :code"
        await session.execute(text(sql), {"fen": fen, "code": stocked.sku.code})
