"""Switching a kind of draw on or off under a place's rules: on takes two people and, where the profile says so, a valid
opinion of counsel; off takes one and holds at once."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text, update

from transactional.accounts.models import Staff
from transactional.accounts.service import record_act
from transactional.db import WriteSession
from transactional.draws.models import ModeSwitch
from transactional.draws.play import opinions
from transactional.draws.play.errors import (
    ModeForbiddenError,
    NewMemberError,
    OpinionMissingError,
    SamePersonError,
    SwitchDecidedError,
)
from transactional.draws.play.people import who_may
from transactional.draws.play.profiles import PROFILES
from transactional.errors import NotFoundError

ACT = "switch_modes"
KNOWN_FOR = timedelta(days=7)
"""Who was added since, or let in anew, takes no part, or one person could make the second."""
LET_IN_ANEW = text("""
select exists (
    select from shop.staff_act
    where subject = :subject and happened_at > :since and staff_id is distinct from :staff_id
        and act in ('add_staff', 'invite_staff', 'change_role', 'enable_staff', 'reset_two_step', 'let_back_in')
    union all
    select from shop.staff_act where subject = :subject and happened_at > :since and act = 'join_staff'
)
""")
"""Whoever did one of these to a member can be the one who logs in as them."""
ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('mode_switch', 0))")


async def ask(session: WriteSession, profile: str, mode: str, staff_id: int, at: datetime) -> ModeSwitch:
    """Asks for a mode to be switched on; nothing changes until somebody else confirms. An open request is the answer.

    Raises NotAllowedError, NewMemberError, ModeForbiddenError, OpinionMissingError.
    """
    await _known(session, staff_id, at)
    await session.execute(ONE_AT_A_TIME)
    opinion_id = await _grounds(session, profile, mode, at)
    waiting = await _waiting(session, profile, mode)
    if waiting is not None:
        return waiting
    switch = ModeSwitch(mode=mode, profile=profile, is_on=True, opinion_id=opinion_id, asked_by=staff_id)
    return await _written(session, switch, staff_id, "ask_mode_on")


async def confirm(session: WriteSession, switch_id: UUID, staff_id: int, at: datetime) -> ModeSwitch:
    """From here on the mode is on. The opinion is looked at again.

    Raises NotAllowedError, NewMemberError, NotFoundError, SwitchDecidedError, SamePersonError, ModeForbiddenError,
    OpinionMissingError.
    """
    await _known(session, staff_id, at)
    await session.execute(ONE_AT_A_TIME)
    switch = await session.scalar(select(ModeSwitch).where(ModeSwitch.public_id == switch_id).with_for_update())
    if switch is None:
        raise NotFoundError
    if switch.confirmed_at is not None or switch.withdrawn_at is not None or not switch.is_on:
        raise SwitchDecidedError
    if switch.asked_by == staff_id:
        raise SamePersonError
    switch.opinion_id = await _grounds(session, switch.profile, switch.mode, at)
    switch.confirmed_by, switch.confirmed_at = staff_id, at
    return await _written(session, switch, staff_id, "switch_mode_on")


async def off(session: WriteSession, profile: str, mode: str, staff_id: int, at: datetime) -> ModeSwitch:
    """The mode is off at once, and requests to switch it on that wait are withdrawn. Raises NotAllowedError."""
    await who_may(session, staff_id, ACT)
    await session.execute(ONE_AT_A_TIME)
    waiting = update(ModeSwitch).where(ModeSwitch.profile == profile, ModeSwitch.mode == mode, ModeSwitch.is_on)
    waiting = waiting.where(ModeSwitch.confirmed_at.is_(None), ModeSwitch.withdrawn_at.is_(None))
    await session.execute(waiting.values(withdrawn_at=at))
    switch = ModeSwitch(mode=mode, profile=profile, is_on=False, asked_by=staff_id, created_at=at)
    return await _written(session, switch, staff_id, "switch_mode_off")


async def withdraw(session: WriteSession, switch_id: UUID, staff_id: int, at: datetime) -> ModeSwitch:
    """Nobody can confirm the request any more. Raises NotAllowedError, NotFoundError, SwitchDecidedError."""
    await who_may(session, staff_id, ACT)
    switch = await session.scalar(select(ModeSwitch).where(ModeSwitch.public_id == switch_id).with_for_update())
    if switch is None:
        raise NotFoundError
    if switch.confirmed_at is not None or switch.withdrawn_at is not None or not switch.is_on:
        raise SwitchDecidedError
    switch.withdrawn_at = at
    return await _written(session, switch, staff_id, "withdraw_mode_on")


async def _known(session: WriteSession, staff_id: int, at: datetime) -> Staff:
    member = await who_may(session, staff_id, ACT)
    if member.created_at > at - KNOWN_FOR:
        raise NewMemberError(days=KNOWN_FOR.days)
    values = {"subject": f"staff:{member.public_id}", "since": at - KNOWN_FOR, "staff_id": staff_id}
    if await session.scalar(LET_IN_ANEW, values):
        raise NewMemberError(days=KNOWN_FOR.days)
    return member


async def _grounds(session: WriteSession, profile: str, mode: str, at: datetime) -> int | None:
    """The opinion that switching on rests on; None where the profile needs none."""
    rules = PROFILES[profile]
    if mode not in rules.modes:
        raise ModeForbiddenError
    if mode not in rules.by_opinion:
        return None
    opinion = await opinions.newest_valid(session, profile, mode, at)
    if opinion is None:
        raise OpinionMissingError
    return opinion.id


async def _waiting(session: WriteSession, profile: str, mode: str) -> ModeSwitch | None:
    found: ModeSwitch | None = await session.scalar(
        select(ModeSwitch)
        .where(ModeSwitch.profile == profile, ModeSwitch.mode == mode, ModeSwitch.is_on)
        .where(ModeSwitch.confirmed_at.is_(None), ModeSwitch.withdrawn_at.is_(None))
        .limit(1)
    )
    return found


async def _written(session: WriteSession, switch: ModeSwitch, staff_id: int, act: str) -> ModeSwitch:
    session.add(switch)
    await session.flush()
    detail = {"profile": switch.profile, "mode": switch.mode}
    await record_act(session, staff_id, act, f"mode-switch:{switch.public_id}", detail=detail)
    return switch
