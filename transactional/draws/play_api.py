"""JSON API of a customer's own limits and pauses for draws."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from fastapi import APIRouter
from pydantic import Field
from typing_extensions import TypeAliasType

from mingsuan import clock
from transactional.db import ReadSession
from transactional.draws.play import limits, pauses
from transactional.edge import AsCustomer, Reading, Writing
from transactional.errors import IdempotencyKeyReusedError, MissingIdempotencyKeyError, NotLoggedInError
from transactional.idempotency import CommandKey, Key, once
from transactional.problems import responses
from transactional.schemas import Command, View

router = APIRouter(tags=["draws"])
LimitKind = TypeAliasType("LimitKind", Literal["stake_day", "stake_week", "stake_month", "loss_month"])
PauseKind = TypeAliasType("PauseKind", Literal["time_out", "self_exclusion"])


class PlayLimitView(View):
    """A limit that you set; absent amounts are no limit. From `next_from_at` on the next amount holds instead."""

    kind: LimitKind
    amount_fen: int | None
    next_amount_fen: int | None
    next_from_at: datetime | None
    used_fen: int
    days: int = Field(description="Length of the window that is added up")


class PlayRules(View):
    """Your own rules for draws."""

    limits: tuple[PlayLimitView, ...]
    paused_until_at: datetime | None


class NewPlayLimits(Command):
    """All of them at once; an absent one is no limit. Tighter holds at once, looser after a day."""

    stake_day_fen: int | None = Field(default=None, ge=0, le=limits.LARGEST_FEN)
    stake_week_fen: int | None = Field(default=None, ge=0, le=limits.LARGEST_FEN)
    stake_month_fen: int | None = Field(default=None, ge=0, le=limits.LARGEST_FEN)
    loss_month_fen: int | None = Field(default=None, ge=0, le=limits.LARGEST_FEN)


class NewPlayPause(Command):
    kind: PauseKind
    days: int = Field(ge=1, le=10_000, description="One of the lengths that are offered: it cannot be taken back")


@router.get("/draw-limits", responses=responses(NotLoggedInError))
async def show_play_rules(customer: AsCustomer, session: Reading) -> PlayRules:
    """Your limits on stakes and losses, what is used of them, and until when you asked to be left alone."""
    return await _mine(session, customer.id)


@router.put("/draw-limits", responses=responses(NotLoggedInError))
async def set_play_limits(body: NewPlayLimits, customer: AsCustomer, session: Writing) -> PlayRules:
    """Set them; sent twice, it is the same."""
    wanted = {name.removesuffix("_fen"): fen for name, fen in body.model_dump().items()}
    await limits.set_limits(session, customer.id, wanted, clock.now())
    return await _mine(session, customer.id)


@router.post(
    "/draw-pauses",
    status_code=201,
    responses=responses(NotLoggedInError, MissingIdempotencyKeyError, IdempotencyKeyReusedError),
)
async def pause_play(body: NewPlayPause, customer: AsCustomer, session: Writing, key: Key) -> PlayRules:
    """No draw takes an entry of yours until it is over; nobody can take it back."""

    async def work() -> PlayRules:
        await pauses.pause(session, customer.id, body.kind, timedelta(days=body.days), clock.now())
        return await _mine(session, customer.id)

    asked = CommandKey(f"customer:{customer.id}", key, f"play pause {body.kind} {body.days}")
    return await once(session, asked, PlayRules, work)


async def _mine(session: ReadSession, customer_id: int) -> PlayRules:
    at = clock.now()
    standing = await limits.standing(session, customer_id, at)
    return PlayRules(limits=_views(standing), paused_until_at=await pauses.paused_until(session, customer_id, at))


def _views(standing: Sequence[limits.Standing]) -> tuple[PlayLimitView, ...]:
    return tuple(
        PlayLimitView.model_validate(
            {
                "kind": each.kind,
                "amount_fen": each.amount_fen,
                "next_amount_fen": each.next_amount_fen,
                "next_from_at": each.next_from,
                "used_fen": each.used_fen,
                "days": each.days,
            }
        )
        for each in standing
    )
