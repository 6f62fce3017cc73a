"""Draws as the JSON API shows them: to everybody, and to a customer their entries and prizes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from transactional.db import ReadSession
from transactional.draws import rules
from transactional.draws.api_schemas import (
    DrawDetail,
    DrawList,
    DrawPack,
    DrawPrize,
    DrawSummary,
    PrizeList,
    PrizeWon,
    WonEntry,
)
from transactional.draws.entry_deciding import Standing
from transactional.draws.entry_schemas import Entered
from transactional.draws.entry_standings import held
from transactional.draws.models import Draw, DrawEntry, DrawWinner
from transactional.draws.showing import state_shown
from transactional.errors import NotFoundError


async def opened(session: ReadSession, public_id: UUID) -> Draw:
    """A draw that was opened. Raises NotFoundError: a draft is nobody's business."""
    found = await session.scalar(select(Draw).where(Draw.public_id == public_id, Draw.number.is_not(None)))
    if found is None:
        raise NotFoundError
    return found


async def listed(session: ReadSession, at: datetime, limit: int, offset: int) -> DrawList:
    """All draws that were ever opened, newest first; void ones too."""
    of = select(Draw).where(Draw.number.is_not(None)).order_by(Draw.number.desc())
    draws = (await session.scalars(of.limit(limit).offset(offset))).all()
    total = await session.scalar(select(func.count()).select_from(Draw).where(Draw.number.is_not(None))) or 0
    kept = await held(session, draws, at)
    items = tuple(DrawSummary.model_validate(_summary(draw, kept.get(draw.id, 0), at)) for draw in draws)
    return DrawList(items=items, total=total)


async def detailed(session: ReadSession, public_id: UUID, at: datetime) -> DrawDetail:
    """One draw with its rules and what came of it. Raises NotFoundError."""
    draw = await opened(session, public_id)
    kept = await held(session, [draw], at)
    own = {
        "most_each": draw.most_each,
        "reserves": draw.reserves,
        "free_entries": draw.free_count,
        "paid_entries": draw.paid_count,
        "house_entries": draw.house_count,
        "opened_at": draw.opened_at,
        "closed_at": draw.closed_at,
        "delay_s": draw.delay_s,
        "beacon_chain": draw.chain_hash,
        "beacon_round": draw.round_no,
        "claim_days": draw.claim_days,
        "free_rule": draw.free_rule,
        "house_rule": draw.house_rule,
        "rules": draw.rules,
        "decided_at": draw.decided_at,
        "won": await _won(session, draw),
        "void_reason": draw.void_reason,
        "void_words": draw.void_words,
    }
    return DrawDetail.model_validate({**_summary(draw, kept.get(draw.id, 0), at), **own})


async def prizes(session: ReadSession, customer_id: int) -> PrizeList:
    """What a customer ever won, newest first."""
    of = select(DrawWinner, Draw).join(Draw, Draw.id == DrawWinner.draw_id)
    rows = await session.execute(of.where(DrawWinner.customer_id == customer_id).order_by(DrawWinner.id.desc()))
    return PrizeList(items=tuple(prize_won(draw, winner) for winner, draw in rows))


def prize_won(draw: Draw, winner: DrawWinner) -> PrizeWon:
    """A prize as its winner sees it."""
    return PrizeWon.model_validate(
        {
            "id": winner.public_id,
            "draw_id": draw.public_id,
            "number": rules.shown(winner.entry_index),
            "prize": _prize(draw),
            "state": winner.state,
            "claim_ends_at": winner.claim_until,
            "claimed_at": winner.claimed_at,
            "delivered_at": winner.delivered_at,
            "has_code": winner.state == "delivered" and winner.ciphertext is not None,
            "code_shown_at": winner.code_shown_at,
        }
    )


def entered(draw: Draw, entry: DrawEntry) -> Entered:
    """A range of entries as its owner was told of it."""
    return Entered.model_validate(
        {
            "id": entry.public_id,
            "draw_id": draw.public_id,
            "first_index": entry.first_index,
            "count": entry.count,
            "kind": entry.kind,
            "stake_fen": entry.stake_fen,
            "accepted_second": entry.accepted_second,
            "user_ref": bytes(entry.user_ref).hex(),
            "nonce": bytes(entry.nonce).hex(),
        }
    )


def _summary(draw: Draw, kept: int, at: datetime) -> dict[str, Any]:
    return {
        "id": draw.public_id,
        "number": draw.number,
        "state": state_shown(draw, at),
        "title_zh": draw.title_zh,
        "title_en": draw.title_en,
        "mode": draw.mode,
        "prize": _prize(draw),
        "price_fen": draw.price_fen,
        "pack": _pack(draw),
        "capacity": draw.capacity,
        "closes_at": draw.closes_at,
        "entries": draw.next_index,
        "left": Standing.of(draw, kept, at).room(),
        "winners": draw.winners,
        "round_at": draw.round_at,
    }


def _pack(draw: Draw) -> DrawPack | None:
    if draw.pack_count is None or draw.pack_price_count is None:
        return None
    return DrawPack(count=draw.pack_count, price_count=draw.pack_price_count)


def _prize(draw: Draw) -> DrawPrize:
    what = {"name": draw.prize_name, "value_fen": draw.prize_value_fen, "kind": draw.prize_kind}
    return DrawPrize.model_validate(what)


async def _won(session: ReadSession, draw: Draw) -> Sequence[WonEntry]:
    of = select(DrawWinner).where(DrawWinner.draw_id == draw.id).order_by(DrawWinner.place, DrawWinner.id)
    return [_won_entry(each) for each in await session.scalars(of)]


def _won_entry(winner: DrawWinner) -> WonEntry:
    number, until = rules.shown(winner.entry_index), winner.claim_until
    return WonEntry.model_validate(
        {"place": winner.place, "number": number, "state": winner.state, "claim_ends_at": until}
    )
