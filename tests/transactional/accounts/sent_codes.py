"""What was sent to people: one-time codes as they wait for the worker, read with the shop's own keys."""

from sqlalchemy import select

from transactional.cards import service as cards
from transactional.db import reading
from transactional.notices.models import CodeMessage
from transactional.notices.sealing import Opened, opened
from transactional.shop import Shop


async def sent(shop: Shop) -> list[tuple[str, Opened]]:
    """Purpose, target and code of every message that waits, oldest first."""
    async with reading(shop.engine) as session:
        rows = list(await session.scalars(select(CodeMessage).where(CodeMessage.sealed.is_not(None)).order_by("id")))
        return [
            (row.purpose, opened(shop.vault, await cards.data_key(session, row.data_key_id), row.id, bytes(row.sealed)))
            for row in rows
            if row.sealed is not None
        ]


async def last_code(shop: Shop, target: str) -> str:
    """The code that was sent there last."""
    return [message.code for _, message in await sent(shop) if message.target == target][-1]
