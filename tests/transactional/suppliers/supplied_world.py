"""A supplier with a channel and purchases that the ledger knows of, made as rows; and its statements as files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from simulation.suppliers.entries import StatementLine
from simulation.suppliers.statements import written
from tests.transactional.small_shop import PRICE_FEN, Stocked, codes
from transactional.accounts import service as accounts
from transactional.db import reading, writing
from transactional.ledger import check, supplier_checks, supplier_rules
from transactional.suppliers.models import Purchase, Supplier, SupplyChannel
from transactional.suppliers.money import balances, payments, statements
from transactional.suppliers.money.payments import NewPayment
from transactional.suppliers.money.statements import NewStatement, TakenIn

DAY = date(2026, 9, 1)
NOON = datetime(2026, 9, 1, 4, tzinfo=UTC)
"""12:00 of DAY in the shop's zone."""
ENDED = ("succeeded", "failed", "late_failed")


@dataclass
class SuppliedWorld:
    """`units` of one order that was delivered, for purchases to be about."""

    stocked: Stocked
    supplier_id: int
    supplier: UUID
    channel_id: int
    staff_id: int
    units: list[int] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def bought(self, cost_fen: int, at: datetime = NOON, state: str = "succeeded", **values: Any) -> Purchase:
        """One purchase with what the ledger has of it; `currency` and `exchange_rate` as given."""
        number = next(self.numbers)
        about: dict[str, Any] = {"unit_cost": Decimal(cost_fen) / 100, "currency": "CNY", "prepaid": True, **values}
        of = {"supplier_id": self.supplier_id, "channel_id": self.channel_id}
        async with writing(self.stocked.shop.engine) as session:
            purchase = Purchase(
                fulfilment_id=self.units[number % len(self.units)],
                attempt_no=number,
                channel_id=self.channel_id,
                request_no=f"R{number:05}",
                supplier_ref=f"S{number:05}",
                state=state,
                quantity=1,
                cost_fen=cost_fen,
                created_at=at,
                submitted_at=at,
                ended_at=at if state in ENDED else None,
                **about,
            )
            session.add(purchase)
            await session.flush()
            posted = [supplier_rules.purchase_submitted(purchase.id, cost_fen, purchase.prepaid, at, **of)]
            if state == "failed":
                posted.append(supplier_rules.purchase_failed(purchase.id, cost_fen, purchase.prepaid, at, **of))
            await balances.post(session, posted, self.stocked.shop.zone)
            return purchase

    async def deposit(self, fen: int) -> None:
        new = NewPayment(self.supplier, "top_up", f"bank-{next(self.numbers)}", Decimal(fen) / 100, fen, NOON)
        async with writing(self.stocked.shop.engine) as session:
            await payments.record(session, new, "CNY", self.stocked.shop.zone, self.staff_id)

    async def take_in(
        self, content: bytes, name: str = "bill.csv", days: tuple[date, date] | None = (DAY, DAY)
    ) -> TakenIn:
        new = NewStatement(self.channel_id, name, content, "desk", days)
        async with writing(self.stocked.shop.engine) as session:
            return await statements.take_in(session, new, self.stocked.shop.zone, "CNY", self.staff_id)

    async def balance(self) -> balances.Balance:
        async with reading(self.stocked.shop.engine) as session:
            return await balances.of(session, self.supplier_id)

    async def findings(self) -> list[str]:
        """Of the checks that know suppliers: postings balance, lines agree, balances agree."""
        async with reading(self.stocked.shop.engine) as session:
            found = [
                finding
                for each in check.CHECKS
                if each.check in {"sum", "balance", "entries", "lines"} or each in supplier_checks.CHECKS
                for finding in await each.findings(session)
            ]
        return [each.sentence() for each in found]


def line(
    purchase: Purchase | None, yuan: str, *, kind: str = "charge", number: str = "", at: datetime = NOON
) -> StatementLine:
    """A line about a purchase, or about nothing of ours."""
    request_no = number or (purchase.request_no if purchase else "R99999")
    reference = (purchase.supplier_ref if purchase else None) or "S99999"
    return StatementLine(kind, request_no, reference, "sku", 1, Decimal(yuan), at + timedelta(seconds=1))


def file_of(lines: Sequence[StatementLine], currency: str = "CNY", form: Any = "csv") -> bytes:
    return written(lines, currency, form)


async def supplied_world(
    stocked: Stocked, currency: str = "CNY", terms: str = "prepaid", units: int = 40
) -> SuppliedWorld:
    await stocked.stock(codes(units), cost_fen=0)
    buyer = await stocked.customer("li", PRICE_FEN * units)
    await stocked.shop.intake.buy(buyer.id, stocked.sku.id, units, "key", None)
    bought = [row[0] for row in await stocked.rows("select id from shop.fulfilment order by id")]
    async with writing(stocked.shop.engine) as session:
        supplier = Supplier(name="Fast Cards", currency=currency, terms=terms)
        session.add(supplier)
        await session.flush()
        channel = SupplyChannel(supplier_id=supplier.id, code="fast", name="Fast", protocol="fulu")
        session.add(channel)
        staff = await accounts.add_staff(session, "wang@example.com", "a long password", "Wang", "buyer")
        await session.flush()
        return SuppliedWorld(stocked, supplier.id, supplier.public_id, channel.id, staff.id, bought)
