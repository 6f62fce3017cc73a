"""Customers and staff as the rules of play see them."""

from datetime import datetime, timedelta

from transactional.accounts.models import Customer, Staff, Wallet
from transactional.accounts.persons.models import IdentityCheck
from transactional.db import WriteSession
from transactional.draws.models import Draw, DrawEntry, StakeEnd


async def customer(session: WriteSession, name: str = "li", country: str = "CN") -> Customer:
    """With an empty wallet."""
    made = Customer(email=f"{name}@example.com", display_name=name, country=country)
    session.add(made)
    await session.flush()
    session.add(Wallet(customer_id=made.id))
    await session.flush()
    return made


async def verified_adult(session: WriteSession, customer_id: int, at: datetime, *, is_adult: bool = True) -> None:
    """The customer's identity check ended well."""
    check = IdentityCheck(
        customer_id=customer_id,
        provider="manual",
        state="verified",
        number_index=b"%032d" % customer_id,
        is_adult=is_adult,
        decided_at=at,
        keep_until=at,
        purged_at=at,
    )
    session.add(check)
    await session.flush()


async def member(session: WriteSession, role: str, at: datetime, *, days: int = 30, name: str = "") -> int:
    """Somebody of the staff since some days."""
    email = f"{name or role}@shop.example"
    made = Staff(email=email, display_name=role, password_hash="x", role=role, created_at=at - timedelta(days=days))
    session.add(made)
    await session.flush()
    return made.id


def draw(**changes: object) -> Draw:
    """A lawful promotional draw under the mainland's rules, not yet opened."""
    values: dict[str, object] = {
        "title_zh": "耳机抽奖",
        "title_en": "Headphones",
        "mode": "promotional",
        "profile": "mainland",
        "prize_item": "headphones-1",
        "prize_name": "耳机",
        "prize_value_fen": 99_900,
        "prize_kind": "parcel",
        "price_fen": 0 if changes.get("mode", "promotional") == "promotional" else 100,
        "capacity": 100,
        "delay_s": 600,
        "chain_hash": "f3f79d3980356f66291ec0fb3412643372b029d2bb6960eb8cf4794856a9b482",
        "free_rule": "每日签到可得一次机会。",
        "house_rule": "",
        "rules": "公布后不再更改。",
    }
    return Draw(**values | changes)


async def opened(session: WriteSession, number: int = 1, **changes: object) -> Draw:
    """The same, stored as open."""
    made = draw(state="open", number=number, prize_item=f"item-{number}", **changes)
    session.add(made)
    await session.flush()
    return made


async def staked(session: WriteSession, of: Draw, customer_id: int, stake_fen: int, at: datetime) -> DrawEntry:
    """One paid entry at an instant."""
    entry = DrawEntry(
        draw_id=of.id,
        customer_id=customer_id,
        first_index=of.next_index,
        count=1,
        kind="paid",
        source="stake",
        nonce=bytes(32),
        user_ref=bytes(32),
        stake_fen=stake_fen,
        accepted_second=int(at.timestamp()),
    )
    of.next_index, of.paid_count = of.next_index + 1, of.paid_count + 1
    session.add(entry)
    await session.flush()
    return entry


async def came_back(session: WriteSession, entry: DrawEntry) -> None:
    """The stake is in the wallet again."""
    session.add(StakeEnd(entry_id=entry.id, outcome="returned", amount_fen=entry.stake_fen))
    await session.flush()
