"""Opening a draw: the promise that nobody can take back, numbered without gaps and logged before the first entry."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import func, select, text

from transactional.accounts.service import record_act
from transactional.db import ReadSession, WriteSession
from transactional.draws import leaves
from transactional.draws.chains import CHAINS
from transactional.draws.drafts import locked
from transactional.draws.errors import DrawMovedOnError, OnlyForTrialsError
from transactional.draws.log import service as log
from transactional.draws.models import Draw
from transactional.draws.moving import step_at
from transactional.draws.play import guard
from transactional.errors import FieldProblem, InvalidInputError
from transactional.profile import ShopProfile

ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('mingsuan/draw-number', 0))")
LEAST_OPEN = timedelta(minutes=1)


async def open_draw(
    session: WriteSession, draw_id: int, staff_id: int | None, at: datetime, *, is_trial: bool = False
) -> Draw:
    """Entries are taken from now on, and what was said of the draw is fixed. `is_trial`: the shop is for trying out.

    Raises NotFoundError, DrawMovedOnError unless it is a draft, InvalidInputError when it would close within a minute,
    what `may_open` raises, LeafTooLongError.
    """
    row = await locked(session, draw_id, "draft")
    if row.closes_at is not None and row.closes_at < at + LEAST_OPEN:
        raise InvalidInputError([FieldProblem("closes_at", "Must be at least a minute from now.")])
    await may_open(session, row, at, is_trial=is_trial)
    await session.execute(ONE_AT_A_TIME)
    last = await session.scalar(select(func.max(Draw.number))) or 0
    row.number = max(last, await log.highest_number(session)) + 1
    row.state, row.opened_at, row.opened_by = "open", at.replace(microsecond=0), staff_id
    currency = (await session.scalars(select(ShopProfile.currency))).one()
    await session.flush()
    await log.append(session, "open", leaves.opening(promise(row, currency)), row.id)
    if row.closes_at is not None:
        await step_at(session, row.id, row.closes_at)
    await record_act(session, staff_id, "open_draw", f"draw:{row.public_id}", detail={"number": row.number})
    return row


async def may_open(session: ReadSession, draft: Draw, at: datetime, *, is_trial: bool) -> None:
    """Raises OnlyForTrialsError when anybody could know the result, unless nothing real is given away; what
    `guard.may_open` raises."""
    if CHAINS[draft.chain_hash].is_test and not is_trial:
        raise OnlyForTrialsError
    await guard.may_open(session, draft, at)


def promise(row: Draw, currency: str) -> leaves.Opening:
    """What the opening leaf says. Raises DrawMovedOnError for a draft, which promises nothing."""
    if row.number is None or row.opened_at is None:
        raise DrawMovedOnError
    return leaves.Opening(
        draw_id=row.public_id,
        number=row.number,
        opened_at=int(row.opened_at.timestamp()),
        mode=row.mode,
        prize_item=row.prize_item,
        prize_name=row.prize_name,
        prize_value_fen=row.prize_value_fen,
        price_fen=row.price_fen,
        bundles=((row.pack_count, row.pack_price_count),) if row.pack_count and row.pack_price_count else (),
        currency=currency,
        capacity=row.capacity,
        closes_at=int(row.closes_at.timestamp()) if row.closes_at else 0,
        winners=row.winners,
        reserves=row.reserves,
        delay_s=row.delay_s,
        chain_hash=row.chain_hash,
        claim_days=row.claim_days,
        free_rule=row.free_rule,
        house_rule=row.house_rule,
        rules_sha256=rules_sha256(row),
    )


def rules_sha256(row: Draw) -> bytes:
    """Of the rules as they are shown, the bytes of a bundle's rules.txt."""
    return hashlib.sha256(row.rules.encode()).digest()
