"""A shop with goods that are activated at a simulated provider, which is reached without a network."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import anyio.from_thread
import anyio.to_thread
import httpx
import pytest
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from simulation.benefits import Provider, Visit, create_app
from tests.transactional.api_client import Client
from tests.transactional.api_ways.world import World
from tests.transactional.orders.goods import Market
from transactional.accounts.schemas import CustomerSubject
from transactional.benefits import following, in_step, launching, providers, service, signing
from transactional.benefits.launching import Wish
from transactional.benefits.providers import NewProvider
from transactional.benefits.queries import Wanted
from transactional.benefits.schemas import BenefitDetail, BenefitView, LaunchView
from transactional.catalogue.schemas import SkuView
from transactional.db import reading, writing
from transactional.edge import CUSTOMER_COOKIE
from transactional.orders import fulfilment_queries
from transactional.shop import Shop

AT = "http://127.0.0.1:1"
SECRET = bytes(range(32))


@dataclass(frozen=True)
class Counter:
    """What happens to benefits in tests: buying, refunds, sweeps, ways to the provider."""

    shop: Shop
    market: Market
    client: Client
    provider: Provider

    async def goods(self, code: str = "VIDEO", count: int = 5, **more: Any) -> SkuView:
        sku = await self.market.sku(code, **more)
        if more.get("kind", "card_code") == "card_code":
            await self.market.stock(code, count)
        return sku

    async def at_provider(self, sku: SkuView) -> None:
        """Its product is activated at the simulated provider."""
        async with writing(self.shop.engine) as session:
            slug = sku.code.lower()
            await providers.assign(session, await providers.product_id(session, slug), self.provider.key)

    async def buy(self, customer: CustomerSubject, sku: SkuView, count: int = 1) -> str:
        placed = await self.market.order(customer, (sku, count))
        await self.market.pay(placed)
        return placed.order_no

    async def sweep(self) -> int:
        return await in_step.sweep(self.shop.engine, self.shop.zone)

    async def owned(self, customer: CustomerSubject) -> tuple[BenefitView, ...]:
        async with reading(self.shop.engine) as session:
            wanted = Wanted(service.ALL_STATES)
            return (await service.benefits(session, customer.id, wanted, limit=200)).items

    async def one(self, customer: CustomerSubject) -> BenefitDetail:
        [only] = await self.owned(customer)
        async with reading(self.shop.engine) as session:
            return await service.benefit(session, customer.id, only.id)

    async def mark(self, fulfilment: UUID, state: str) -> None:
        """As orders do it when a refund begins, ends or fails."""
        async with writing(self.shop.engine) as session:
            unit = await fulfilment_queries.unit_by_public_id(session, fulfilment)
            assert unit is not None
            await fulfilment_queries.mark(session, [unit], state)

    async def launch(self, customer: CustomerSubject, *benefits: UUID) -> LaunchView:
        async with writing(self.shop.engine) as session:
            wish = Wish(customer.id, benefits, "https://shop.test")
            return await launching.launch(session, self.shop.vault, wish, self.shop.zone)

    async def go(self, way: LaunchView) -> Visit:
        """The customer's browser opens the way's address."""
        return await self.go_to(way.address)

    async def go_to(self, address: str) -> Visit:
        query = dict(parse_qsl(urlsplit(address).query))
        return await anyio.to_thread.run_sync(self.provider.arrive, query)

    async def decide(self, visit: Visit, state: Any, account: Mapping[str, str] | None = None) -> None:
        for activation in visit.activations:
            await anyio.to_thread.run_sync(self.provider.decide, activation, state, account)

    async def ask(self) -> None:
        """The worker asks about everything that may have changed."""
        ids = [row[0] for row in await self.market.rows("select id from shop.activation where query_at is not null")]
        await following.look(self.shop, ids)

    async def as_customer(self, customer: CustomerSubject) -> None:
        """The client's browser is this customer's from now on."""
        token = await World.token_of(self, customer)  # type: ignore[arg-type]
        self.client.cookies.set(CUSTOMER_COOKIE, token, domain="shop.test")

    @property
    def till(self) -> "Counter":
        return self

    async def events(self, customer: CustomerSubject) -> list[tuple[str, str]]:
        return [(event.to_state, event.cause) for event in (await self.one(customer)).events]

    async def verdicts(self) -> list[str]:
        return [row[0] for row in await self.market.rows("select verdict from shop.provider_event order by id")]


@pytest.fixture
async def counter(shop: Shop, fresh_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Counter]:
    async with Client(shop, fresh_database) as client:

        def send(path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str], bytes]:
            answer = anyio.from_thread.run(_post, client, path, dict(headers), body)
            return answer.status_code, dict(answer.headers), answer.content

        provider = Provider(SECRET, send)
        app = create_app(provider)
        monkeypatch.setattr(
            following, "to_providers", lambda: httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=AT)
        )
        async with writing(shop.engine) as session:
            new = NewProvider(
                "demo",
                "示例会员",
                "Sample",
                f"{AT}/benefits/activate",
                f"{AT}/benefits/api",
                signing.secret_text(SECRET),
            )
            await providers.add(session, shop.vault, new)
        yield Counter(shop, Market(shop), client, provider)


async def _post(client: Client, path: str, headers: dict[str, str], body: bytes) -> httpx.Response:
    bare = {name: value for name, value in client.headers.items() if not name.startswith("sec-")}
    request = httpx.Request("POST", f"https://shop.test{path}", headers={**bare, **headers}, content=body)
    return await client.send(request)


async def dump(shop: Shop, table: str) -> str:
    async with reading(shop.engine) as session:
        return "\n".join((await session.execute(text(f"select t::text from shop.{table} as t"))).scalars())
