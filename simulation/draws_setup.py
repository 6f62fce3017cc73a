"""Gives a demo's shop its first draws: one that is full and decided within minutes, and two that take entries.

Those who entered are customers of the simulated history. Only the draws' beacon is a test: log, commitment and result
are the shop's own, and made before the eyes of whoever looks.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle
from random import Random
from typing import Any

from sqlalchemy import exists, select, text

from mingsuan import clock
from mingsuan.settings import Settings
from transactional.db import WriteSession, engine, reading, writing
from transactional.draws import chances, service
from transactional.draws.chains import TEST
from transactional.draws.models import Draw
from transactional.draws.service import NewDraw
from transactional.shop import Shop, open_shop

PLAYERS = text("""
select id from shop.customer where exists (
    select from shop.orders where orders.customer_id = customer.id and orders.source = 'simulation'
) order by id limit 40
""")
SEED = 20260101
FREE = "每人每天可免费领取一次机会，无需购买。One free chance a day, no purchase needed."
HOUSE = "店方不参加。The shop does not enter."


def ensure_draws(app_url: str, settings: Settings) -> None:
    """The draws, when the shop has a simulated history and never had a draw."""
    asyncio.run(_ensure(app_url, settings))


async def _ensure(app_url: str, settings: Settings) -> None:
    source = engine(app_url)
    try:
        shop = await open_shop(settings, source)
        await hold(shop)
        await shop.aclose()
    finally:
        await source.dispose()


async def hold(shop: Shop) -> list[Draw]:
    """Those that were opened now, in order."""
    at = clock.now()
    async with writing(shop.engine) as session:
        players = list(await session.scalars(PLAYERS))
        if not players or await session.scalar(select(exists().select_from(Draw))):
            return []
        draws = [await _opened(session, new, at) for new in (_full(), _lasting(at), _refundable(at))]
    filled, lasting, _ = draws
    await _enter(shop, filled, cycle(players))
    await _enter(shop, lasting, iter(players))
    async with reading(shop.engine) as session:
        return [await session.get_one(Draw, draw.id) for draw in draws]


async def _opened(session: WriteSession, new: NewDraw, at: datetime) -> Draw:
    drafted = await service.draft(session, new, None)
    return await service.open_draw(session, drafted.id, None, at, is_trial=True)


async def _enter(shop: Shop, draw: Draw, players: Iterator[int]) -> None:
    """One to three entries each, until the draw is full or all have entered."""
    chance, left = Random(SEED + (draw.number or 0)), draw.capacity or 10**6  # noqa: S311
    for turn, player in enumerate(players):
        count = min(chance.randint(1, 3), left)
        key = f"simulation {draw.number} {turn}"
        async with writing(shop.engine) as session:
            await chances.grant(session, player, "checkin", key, count)
        await shop.entering.enter(player, draw.public_id, count, key, pay="chances")
        left -= count
        if left == 0:
            return


def _simulated(**said: Any) -> NewDraw:
    """A promotional draw of one prize, and what is said otherwise."""
    usual: dict[str, Any] = {
        "mode": "promotional",
        "prize_kind": "parcel",
        "delay_s": 120,
        "chain_hash": TEST.hash,
        "free_rule": FREE,
        "house_rule": HOUSE,
    }
    return NewDraw(**{**usual, **said})


def _full() -> NewDraw:
    """Full at once: a minute of countdown, then its result."""
    return _simulated(
        title_zh="开业福袋（模拟）",
        title_en="Opening lucky bag (simulated)",
        prize_item="simulated-lucky-bag",
        prize_name="视频会员年卡",
        prize_value_fen=25_800,
        prize_kind="code",
        delay_s=60,
        rules=_rules("坐满 60 个号码即开奖，三名中奖者。", "Drawn when 60 numbers are taken, three winners."),
        capacity=60,
        winners=3,
        reserves=5,
        claim_days=7,
    )


def _lasting(at: datetime) -> NewDraw:
    return _simulated(
        title_zh="周年好礼（模拟）",
        title_en="Anniversary prize (simulated)",
        prize_item="simulated-headphones",
        prize_name="蓝牙耳机",
        prize_value_fen=59_900,
        rules=_rules("到期开奖，一名中奖者。", "Drawn when its time is over, one winner."),
        closes_at=at + timedelta(days=7),
    )


def _refundable(at: datetime) -> NewDraw:
    return _simulated(
        title_zh="一元试手气（模拟，未中全退）",
        title_en="One-yuan try (simulated, losing stakes go back)",
        mode="refundable",
        prize_item="simulated-phone",
        prize_name="智能手机",
        prize_value_fen=299_900,
        rules=_rules(
            "每号 1 元，未中奖的全部退回钱包；三天内坐不满则取消并全退。",
            "¥1 a number; losing stakes go back to the wallet. Not full within three days: called off, all goes back.",
        ),
        price_fen=100,
        pack=(12, 10),
        capacity=3000,
        closes_at=at + timedelta(days=3),
    )


def _rules(*sentences: str) -> str:
    return "\n".join(("演示抽奖，奖品不会寄出。A demonstration: nothing is given away.", *sentences))
