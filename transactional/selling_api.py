"""JSON API of the switch that pauses selling; what the switch does is in `selling`."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from transactional import selling
from transactional.accounts.rules import may
from transactional.accounts.schemas import StaffSubject
from transactional.edge import AsStaff, Reading, Writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    MissingIdempotencyKeyError,
    NotAllowedError,
    NotLoggedInError,
)
from transactional.idempotency import CommandKey, Key, once
from transactional.problems import responses
from transactional.schemas import Command, View

router = APIRouter(tags=["staff"])


class SellingPause(Command):
    """Why no orders are taken; shoppers are not told."""

    reason: str = Field(min_length=1, max_length=500)


class SellingView(View):
    """Whether the shop sells."""

    paused_at: datetime | None = Field(description="Absent while the shop sells")
    reason: str


@router.get("/staff/selling-pause", responses=responses(NotLoggedInError, NotAllowedError))
async def show_selling_pause(member: AsStaff, session: Reading) -> SellingView:
    """Whether selling is paused, since when and why."""
    _must_be_allowed(member)
    return SellingView.model_validate(await selling.selling(session))


@router.post(
    "/staff/selling-pause",
    status_code=201,
    responses=responses(NotLoggedInError, NotAllowedError, MissingIdempotencyKeyError, IdempotencyKeyReusedError),
)
async def pause_selling(body: SellingPause, member: AsStaff, session: Writing, key: Key) -> SellingView:
    """Take no more orders. What was ordered before is still paid and delivered."""
    _must_be_allowed(member)

    async def work() -> SellingView:
        return SellingView.model_validate(await selling.pause(session, body.reason, member.id))

    return await once(session, CommandKey(f"staff:{member.public_id}", key, f"pause {body.reason}"), SellingView, work)


@router.delete("/staff/selling-pause", responses=responses(NotLoggedInError, NotAllowedError))
async def resume_selling(member: AsStaff, session: Writing) -> SellingView:
    """Take orders again; nothing happens when the shop is selling."""
    _must_be_allowed(member)
    return SellingView.model_validate(await selling.resume(session, member.id))


def _must_be_allowed(member: StaffSubject) -> None:
    if not may(member.role, "pause_selling"):
        raise NotAllowedError
