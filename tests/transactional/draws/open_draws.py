"""Open draws to enter, as rows: what opening itself does is tested elsewhere."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select

from mingsuan import clock
from tests.transactional.small_shop import Stocked
from transactional.accounts.persons.models import IdentityCheck
from transactional.accounts.schemas import CustomerSubject
from transactional.db import writing
from transactional.draws import chains
from transactional.draws.models import Draw, DrawChance


async def open_draw(stocked: Stocked, **different: Any) -> Draw:
    """A promotional draw of 1,000 entries, with what is said otherwise."""
    row = {
        "state": "open",
        "title_zh": "新年抽奖",
        "title_en": "New Year draw",
        "mode": "promotional",
        "prize_item": f"item-{uuid4().hex}",
        "prize_name": "Phone",
        "prize_value_fen": 500_000,
        "prize_kind": "code",
        "capacity": 1000,
        "delay_s": 60,
        "chain_hash": chains.TEST.hash,
        "free_rule": "One entry a day, for nothing.",
        "house_rule": "The shop may enter; it is never a reserve.",
        "rules": "One prize.",
        "opened_at": clock.now() - timedelta(minutes=1),
    }
    async with writing(stocked.shop.engine) as session:
        if "number" not in different:
            row["number"] = 1 + (await session.scalar(select(func.max(Draw.number))) or 0)
        draw = Draw(**{**row, **different})
        session.add(draw)
    return draw


async def refundable(stocked: Stocked, price_fen: int = 100, **different: Any) -> Draw:
    """A draw with stakes, 12 for the price of 10."""
    terms = {"mode": "refundable", "price_fen": price_fen, "pack_count": 12, "pack_price_count": 10}
    return await open_draw(stocked, **{**terms, **different})


async def chances(stocked: Stocked, who: CustomerSubject, granted: int, **different: Any) -> DrawChance:
    row = {"customer_id": who.id, "source": "checkin", "reference": uuid4().hex, "granted": granted}
    chance = DrawChance(**{**row, **different})
    async with writing(stocked.shop.engine) as session:
        session.add(chance)
    return chance


async def adult(stocked: Stocked, name: str, balance_fen: int = 0) -> CustomerSubject:
    """A customer with money, whose identity and age were checked."""
    who = await stocked.customer(name, balance_fen)
    checked = {"provider": "manual", "state": "verified", "is_adult": True, "decided_at": clock.now()}
    async with writing(stocked.shop.engine) as session:
        purged = {"purged_at": clock.now(), "number_index": uuid4().bytes, "keep_until": clock.now()}
        session.add(IdentityCheck(customer_id=who.id, **checked, **purged))
    return who
