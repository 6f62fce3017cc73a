"""A shop with goods of every kind, customers with money and staff, all logged in, for a load over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from mingsuan import clock
from tests.faults.asking import Who
from tests.transactional.orders.goods import ACCOUNT, Market
from tests.transactional.small_shop import with_money
from transactional.accounts import tokens
from transactional.accounts.models import Session, Staff
from transactional.catalogue.schemas import ProductKind
from transactional.db import writing
from transactional.shop import Shop

PRICES_FEN = {"GAME": 5000, "GIFT": 2999, "RARE": 7700, "SVIP": 3000, "PACK": 9000, "TOPUP": 1999, "BOOST": 8000}
FIGURE_FEN = 12_000
ANSWERS = {"account": "player-1"}
MONEY_FEN = 100_000_000


@dataclass(frozen=True, slots=True)
class Goods:
    """Public ids of the SKUs by code; the basket lines that buy them."""

    skus: Mapping[str, str]

    def line(self, code: str, quantity: int = 1) -> dict[str, Any]:
        answers = ANSWERS if code in ("TOPUP", "BOOST") else {}
        return {"sku_id": self.skus[code], "quantity": quantity, "form_answers": answers}


async def stocked(shop: Shop, codes: int) -> Goods:
    """Goods of all six kinds; RARE has no codes."""
    market = Market(shop)
    kinds: dict[str, ProductKind] = {"SVIP": "membership", "TOPUP": "api_topup", "BOOST": "manual_service"}
    skus = {}
    for code in ("GAME", "GIFT", "RARE", "SVIP", "TOPUP", "BOOST"):
        form = (ACCOUNT,) if code in ("TOPUP", "BOOST") else ()
        limits = {"duration_days": 30} if code == "SVIP" else {}
        skus[code] = await market.sku(code, kinds.get(code, "card_code"), PRICES_FEN[code], form=form, **limits)
    skus["FIGURE"] = await market.sku("FIGURE", "physical", FIGURE_FEN)
    skus["PACK"] = await market.bundle("PACK", PRICES_FEN["PACK"], {"GAME": 1, "GIFT": 1, "SVIP": 1})
    await market.stock("GAME", codes, 4001)
    await market.stock("GIFT", codes, 2003)
    await market.units("FIGURE", codes, 6007)
    return Goods({code: str(sku.id) for code, sku in skus.items()})


async def customers(shop: Shop, count: int) -> list[Who]:
    """With money in their wallets."""
    return [await _customer(shop, f"customer-{number}") for number in range(count)]


async def _customer(shop: Shop, name: str) -> Who:
    token = tokens.new()
    async with writing(shop.engine) as session:
        customer = await with_money(session, shop, name, MONEY_FEN)
        session.add(_session(token, customer_id=customer.id))
    return Who(name, f"mingsuan_session={token}", customer.id)


async def staff(shop: Shop, name: str) -> Who:
    """An owner."""
    token = tokens.new()
    async with writing(shop.engine) as session:
        member = Staff(email=f"{name}@example.com", display_name=name, password_hash=uuid4().hex, role="owner")
        session.add(member)
        await session.flush()
        session.add(_session(token, staff_id=member.id))
    return Who(name, f"mingsuan_staff={token}")


def _session(token: str, **subject: int) -> Session:
    return Session(token_sha256=tokens.digest(token), expires_at=clock.now() + timedelta(days=1), **subject)
