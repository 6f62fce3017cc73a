"""A shop that sells a top-up at ¥50 over channels whose suppliers say what a test tells them to say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from mingsuan import clock
from tests.transactional.orders.goods import Market
from tests.transactional.small_shop import Stocked
from tests.transactional.suppliers.routed import Supplied
from transactional.cards.vault import Vault
from transactional.db import ReadSession, reading, writing
from transactional.ledger import service as ledger
from transactional.orders.checkout import Terms, Wanted, place
from transactional.payments.wallet import pay_from_wallet
from transactional.shop import Shop
from transactional.suppliers.channels.keeping import OpenChannel
from transactional.suppliers.models import SupplyChannel
from transactional.suppliers.protocols.interface import (
    Acknowledgement,
    BalanceFact,
    OfferFact,
    StatementFile,
    SuppliedCode,
    SupplierNoticeFact,
    SupplyAsk,
    SupplyFact,
)
from transactional.suppliers.purchases import asking as purchase_asking
from transactional.suppliers.purchases import obtaining
from transactional.suppliers.purchases.supplies import Supplies

Say = Callable[[SupplyAsk], SupplyFact]


@dataclass
class Teller:
    """A supplier: `submits` and `queries` are said one after another, the last again and again; an error is raised."""

    protocol: str = "fulu"
    not_found_is_final_after_s: int | None = 60
    may_resubmit: bool = False
    submits: list[Any] = field(default_factory=list)
    queries: list[Any] = field(default_factory=list)
    asked: list[SupplyAsk] = field(default_factory=list)
    questions: int = 0

    async def submit(self, ask: SupplyAsk) -> SupplyFact:
        self.asked.append(ask)
        return self._said(self.submits, ask.request_no)

    async def query(self, request_no: str, supplier_ref: str | None) -> SupplyFact:
        self.questions += 1
        return self._said(self.queries, request_no)

    def _said(self, words: list[Any], request_no: str) -> SupplyFact:
        word = words.pop(0) if len(words) > 1 else words[0]
        if isinstance(word, Exception):
            raise word
        fact: SupplyFact = replace(word, request_no=request_no)
        return fact

    async def offers(self, supplier_skus: Sequence[str] | None = None) -> tuple[OfferFact, ...]:
        return ()

    async def balance(self) -> BalanceFact | None:
        return None

    async def statement(self, day: date) -> StatementFile:
        raise NotImplementedError

    async def report_defect(self, request_no: str, supplier_ref: str | None, reason: str) -> str | None:
        return None

    async def authenticate(
        self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, now: datetime
    ) -> SupplierNoticeFact:
        raise NotImplementedError

    def acknowledge(self, accepted: bool) -> Acknowledgement:
        return Acknowledgement(200, "text/plain", "ok" if accepted else "no")

    async def aclose(self) -> None:
        """There is nothing to end."""


def good(code: str, cost: str | None = None) -> SupplyFact:
    cost_said = None if cost is None else Decimal(cost)
    return SupplyFact("succeeded", "", "S-1", cost_said, "CNY", 1, (SuppliedCode(code),))


FAILED = SupplyFact("failed", "", code="5008", reason="too dear")
ACCEPTED = SupplyFact("processing", "", "S-1")
NOT_FOUND = SupplyFact("not_found", "")


@dataclass
class Buying:
    """The shop with its suppliers, by the code of their channel."""

    shop: Shop
    supplied: Supplied
    tellers: dict[str, Teller] = field(default_factory=dict)
    orders: int = 0

    async def channel(self, code: str, cost: str, **about: Any) -> Teller:
        teller = self.tellers[code] = Teller(**about.pop("says", {}))
        await self.supplied.channel(code, cost, **about)
        return teller

    async def order(self) -> int:
        """A paid order of one unit; the number of its fulfilment."""
        self.orders += 1
        customer = await self.supplied.stocked.customer(f"buyer-{self.orders}", 5000)
        at, zone = clock.now(), self.shop.zone
        async with writing(self.shop.engine) as session:
            lines = [Wanted(self.supplied.stocked.sku.id, 1)]
            order = await place(session, self.shop.vault, customer.id, lines, Terms(_MINUTES), at, zone)
            await pay_from_wallet(session, order.order_no, customer.id, at, zone)
        [(unit,)] = await self.rows("select max(id) from shop.fulfilment")
        return int(unit)

    async def obtain(self, unit: int) -> None:
        await obtaining.obtain(self.shop, unit)

    async def ask(self) -> None:
        """About the purchase that is open."""
        [(purchase,)] = await self.rows(
            "select max(id) from shop.purchase where state in ('submitted', 'processing', 'unknown', 'written_off')"
        )
        await purchase_asking.ask(self.shop, purchase)

    async def states(self) -> list[str]:
        """Of all purchases, in order."""
        return [state for (state,) in await self.rows("select state from shop.purchase order by id")]

    async def unit(self, unit: int) -> tuple[Any, ...]:
        [row] = await self.rows(f"select state, waits_for, cost_fen from shop.fulfilment where id = {unit:d}")
        return row

    async def owed_fen(self) -> int:
        """To all suppliers together, by the ledger."""
        sql = "select coalesce(-sum(amount_fen), 0) from shop.ledger_entry where account = 'supplier_payable'"
        [(fen,)] = await self.rows(sql)
        return int(fen)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with reading(self.shop.engine) as session:
            return [tuple(row) for row in await session.execute(text(sql))]

    async def is_whole(self) -> bool:
        async with reading(self.shop.engine) as session:
            return (await ledger.check(session)).is_whole


_MINUTES = timedelta(minutes=15)


async def buying(stocked: Stocked) -> Buying:
    sku = await Market(stocked.shop).sku("TOPUP", "api_topup", 5000)
    tellers: dict[str, Teller] = {}

    async def opened(session: ReadSession, vault: Vault, channel_id: int) -> OpenChannel:
        row = await session.get_one(SupplyChannel, channel_id)
        return OpenChannel(row, tellers[row.code])

    shop = replace(stocked.shop, supplies=Supplies(opener=opened))
    return Buying(shop, Supplied(Stocked(shop, sku)), tellers)
