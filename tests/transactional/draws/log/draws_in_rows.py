"""Draws and entries straight into their tables: the log's tests need no shoppers."""

import hashlib
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.db import WriteSession, writing
from transactional.draws import leaves
from transactional.draws.chains import TEST
from transactional.draws.log import service as log

SECOND = 1_900_000_000
RULES = "The rules."
DRAW = text("""
insert into shop.draw (public_id, number, state, title_zh, title_en, mode, prize_item, prize_name, prize_value_fen,
    prize_kind, capacity, winners, delay_s, chain_hash, rules)
values (coalesce(cast(:public_id as uuid), uuidv7()), :number, 'open', '奖', 'Prize', 'promotional', :item, 'Prize', 9,
    'code', :capacity, 1, 5, :chain, :rules)
returning id, public_id
""")
ENTRY = text("""
with before as (
    select next_index from shop.draw where id = :draw for update
), counted as (
    update shop.draw set next_index = next_index + :count, house_count = house_count + :count,
        last_second = greatest(last_second, :second) where id = :draw
    returning last_second
)
insert into shop.draw_entry (draw_id, first_index, count, kind, source, nonce, user_ref, accepted_second)
select :draw, before.next_index, :count, 'house', 'house', :nonce, :user, counted.last_second from before, counted
""")


async def opened(session: WriteSession, number: int = 1, capacity: int = 100) -> tuple[int, UUID]:
    """A draw with its opening queued: ids inside and outside the database."""
    values = {"public_id": None, "number": number, "item": f"item {number}", "capacity": capacity}
    row = (await session.execute(DRAW, {**values, "chain": TEST.hash, "rules": RULES})).one()
    await log.append(session, "open", opening(row.public_id, number, capacity), row.id)
    return row.id, row.public_id


def opening(draw: UUID, number: int, capacity: int = 100) -> str:
    return leaves.opening(
        leaves.Opening(
            draw_id=draw,
            number=number,
            opened_at=SECOND,
            mode="promotional",
            prize_item=f"item {number}",
            prize_name="Prize",
            prize_value_fen=100,
            price_fen=0,
            bundles=(),
            currency="CNY",
            capacity=capacity,
            closes_at=0,
            winners=1,
            reserves=0,
            delay_s=5,
            chain_hash=TEST.hash,
            claim_days=30,
            free_rule="",
            house_rule="",
            rules_sha256=hashlib.sha256(RULES.encode()).digest(),
        )
    )


async def enter(source: AsyncEngine, draw_id: int, count: int, second: int) -> None:
    """A range of entries as the service accepts it."""
    nonce, user = hashlib.sha256(f"{second}".encode()).digest(), hashlib.sha256(b"house").digest()
    async with writing(source) as session:
        await session.execute(ENTRY, {"draw": draw_id, "count": count, "second": second, "nonce": nonce, "user": user})
