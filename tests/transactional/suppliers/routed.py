"""Channels with offers of one SKU to route among, made as rows."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.transactional.small_shop import Stocked
from transactional.catalogue import service as catalogue
from transactional.db import writing
from transactional.suppliers.models import Offer, Supplier, SupplierBalance, SupplyChannel
from transactional.suppliers.routing import deciding as routing
from transactional.suppliers.routing import estimates, policies
from transactional.suppliers.routing.deciding import Decided
from transactional.suppliers.routing.estimate_rules import Outcome
from transactional.suppliers.routing.terms import Policy

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
"""12:00 in the shop's zone."""


@dataclass(frozen=True)
class Supplied:
    """A shop that sells one SKU at ¥50, which channels supply."""

    stocked: Stocked

    async def sku_id(self) -> int:
        async with writing(self.stocked.shop.engine) as session:
            return await catalogue.sku_id(session, self.stocked.sku.code)

    async def channel(
        self,
        code: str,
        unit_cost: str | None,
        *,
        currency: str = "CNY",
        prepaid_fen: int | None = None,
        stock: int | None = None,
        offer_state: str = "active",
        **values: Any,
    ) -> int:
        """A channel with an offer of the SKU; prepaid when something lies with its supplier."""
        sku_id = await self.sku_id()
        async with writing(self.stocked.shop.engine) as session:
            terms = "on_account" if prepaid_fen is None else "prepaid"
            supplier = Supplier(name=f"Supplier {code}", currency=currency, terms=terms)
            session.add(supplier)
            await session.flush()
            session.add(SupplierBalance(supplier_id=supplier.id, prepaid_fen=prepaid_fen or 0))
            protocol = values.pop("protocol", "fulu")
            about: dict[str, Any] = {"supplier_id": supplier.id, "code": code, "name": f"Channel {code}"}
            channel = SupplyChannel(**about, protocol=protocol, **values)
            session.add(channel)
            await session.flush()
            offer = Offer(
                channel_id=channel.id,
                sku_id=sku_id,
                supplier_sku=f"{code}-1",
                unit_cost=None if unit_cost is None else Decimal(unit_cost),
                currency=currency,
                stock=stock,
                state=offer_state,
                observed_at=NOON,
            )
            session.add(offer)
            await session.flush()
            return channel.id

    async def policy(self, **rules: Any) -> None:
        """Of the whole shop."""
        async with writing(self.stocked.shop.engine) as session:
            await policies.set_policy(session, None, Policy(**rules), "", None)

    async def learn(self, channel_id: int, *outcomes: Outcome) -> None:
        async with writing(self.stocked.shop.engine) as session:
            for outcome in outcomes:
                await estimates.learn(session, channel_id, outcome)

    async def decide(self, net_fen: int = 5000, **asked: Any) -> Decided:
        values: dict[str, Any] = {"stage": "purchase", "quantity": 1, "at": NOON, **asked}
        sku_id = await self.sku_id()
        async with writing(self.stocked.shop.engine) as session:
            return await routing.decide(session, sku_id=sku_id, net_fen=net_fen, **values)
