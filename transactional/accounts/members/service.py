"""Who works at the desk: joining by a code, roles, switching off and on. Every act is on record in its transaction.

The shop always keeps an owner who can log in, and nobody changes their own role.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, func, select, text, update
from sqlalchemy.exc import IntegrityError

from mingsuan import clock
from transactional.accounts import tokens
from transactional.accounts.entry import passwords
from transactional.accounts.members import devices as members_devices
from transactional.accounts.members import sessions as members_sessions
from transactional.accounts.members import totp
from transactional.accounts.members import two_step as members_two_step
from transactional.accounts.members.errors import LastOwnerError, OwnRoleError, SetUpDoneError, WrongInvitationError
from transactional.accounts.members.models import StaffInvitation
from transactional.accounts.models import STAFF_ROLES, Staff
from transactional.accounts.persons import personal
from transactional.accounts.rules import email_problems, password_problems
from transactional.accounts.schemas import StaffSubject
from transactional.accounts.service import record_act
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.errors import EmailTakenError, FieldProblem, InvalidInputError, NotFoundError

JOIN_WITHIN = timedelta(days=3)
SET_UP_WITHIN = timedelta(hours=24)
NOT_JOINED = "!"
"""In place of a hash until a password is chosen; it fits none."""
ONE_AT_A_TIME = text("lock table shop.staff in share row exclusive mode")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who is to work at the desk."""

    email: str
    display_name: str
    role: str


async def has_staff(session: ReadSession) -> bool:
    return bool(await session.scalar(select(exists(select(Staff.id)))))


async def add(
    session: WriteSession, vault: Vault, owner: StaffSubject, new: Newcomer, form_key: str
) -> tuple[UUID, str]:
    """The member and the code with which they choose a password. Raises InvalidInputError, EmailTakenError."""
    email = new.email.strip()
    problems = list(email_problems(email))
    if new.role not in STAFF_ROLES:
        problems.append(FieldProblem("role", "Choose a role."))
    if problems:
        raise InvalidInputError(problems)
    name = new.display_name.strip() or email.partition("@")[0]
    member = Staff(email=email, display_name=name, password_hash=NOT_JOINED, role=new.role, added_by=owner.id)
    try:
        async with session.begin_nested():
            session.add(member)
    except IntegrityError:
        raise EmailTakenError from None
    await record_act(session, owner.id, "add_staff", f"staff:{member.public_id}", detail={"role": new.role})
    return member.public_id, await _invite(session, vault, member.id, owner.id, form_key)


async def invite_again(session: WriteSession, vault: Vault, owner: StaffSubject, who: UUID, form_key: str) -> str:
    """A new code with which the member chooses a new password; their log-ins and older codes end."""
    member = await _locked(session, who)
    await members_sessions.end(session, member.id)
    await record_act(session, owner.id, "invite_staff", f"staff:{who}")
    return await _invite(session, vault, member.id, owner.id, form_key)


def code_of(vault: Vault, owner_id: int, form_key: str) -> str:
    """The code that a form led to: the same form, sent again, shows the same one; nothing keeps it in clear."""
    return totp.in_groups(personal.index(vault, "staff-invitation-code", f"{owner_id}\0{form_key}")[: totp.SPARE_BYTES])


async def join(session: WriteSession, vault: Vault, email: str, code: str, password_hash: str) -> None:
    """The password is set and the code used up. Raises WrongInvitationError, whoever the address belongs to."""
    at = clock.now()
    invitation = await _usable(session, vault, "join", code, at)
    member = await session.get_one(Staff, invitation.staff_id, with_for_update=True)
    if member.email.lower() != email.strip().lower() or member.disabled_at is not None:
        raise WrongInvitationError
    invitation.used_at, member.password_hash, member.password_changed_at = at, password_hash, at
    await members_sessions.end(session, member.id)
    await record_act(session, member.id, "join_staff", f"staff:{member.public_id}")


async def set_up_code(session: WriteSession, vault: Vault) -> str:
    """The code that makes the first owner of a shop without staff. Raises SetUpDoneError."""
    if await has_staff(session):
        raise SetUpDoneError
    return await _invite(session, vault, None, None, tokens.new())


async def set_up(session: WriteSession, vault: Vault, code: str, email: str, name: str, password_hash: str) -> int:
    """The first owner. Raises SetUpDoneError, WrongInvitationError."""
    await session.execute(ONE_AT_A_TIME)
    if await has_staff(session):
        raise SetUpDoneError
    at = clock.now()
    invitation = await _usable(session, vault, "first_owner", code, at)
    invitation.used_at = at
    shown = name.strip() or email.partition("@")[0]
    owner = Staff(email=email.strip(), display_name=shown, password_hash=password_hash, role="owner")
    owner.password_changed_at = at
    session.add(owner)
    await session.flush()
    await record_act(session, owner.id, "set_up_shop", f"staff:{owner.public_id}")
    return owner.id


async def checked_password(password: str, email: str) -> str:
    """Its hash. Raises InvalidInputError naming `email` or `password`; touches no database."""
    problems = (*email_problems(email.strip()), *password_problems(password, email.strip()))
    if problems:
        raise InvalidInputError(problems)
    return await passwords.hashed(password)


async def change_role(session: WriteSession, owner: StaffSubject, who: UUID, role: str) -> None:
    """Raises OwnRoleError, LastOwnerError, NotFoundError. Nothing happens when the role is that already."""
    if role not in STAFF_ROLES:
        raise InvalidInputError([FieldProblem("role", "Choose a role.")])
    member = await _other(session, owner, who)
    if member.role == role:
        return
    before, member.role = member.role, role
    await _keep_an_owner(session)
    await members_sessions.end(session, member.id)
    await record_act(session, owner.id, "change_role", f"staff:{who}", detail={"from": before, "to": role})


async def disable(session: WriteSession, owner: StaffSubject, who: UUID, reason: str) -> None:
    """Log-ins end at once. Raises OwnRoleError, LastOwnerError, NotFoundError; twice is once."""
    member = await _other(session, owner, who)
    if member.disabled_at is not None:
        return
    member.disabled_at = clock.now()
    await _keep_an_owner(session)
    await members_sessions.end(session, member.id)
    await record_act(session, owner.id, "disable_staff", f"staff:{who}", reason=reason)


async def enable(session: WriteSession, owner: StaffSubject, who: UUID) -> None:
    """Raises NotFoundError; twice is once."""
    member = await _locked(session, who)
    if member.disabled_at is not None:
        member.disabled_at = None
        await record_act(session, owner.id, "enable_staff", f"staff:{who}")


async def reset_two_step(session: WriteSession, owner: StaffSubject, who: UUID, reason: str) -> None:
    """For who lost authenticator and spare codes; log-ins end. Raises OwnRoleError: one's own is in the profile."""
    member = await _other(session, owner, who)
    if member.totp_confirmed_at is None:
        return
    await members_two_step.remove(session, member.id, clock.now())
    await members_sessions.end(session, member.id)
    await record_act(session, owner.id, "reset_two_step", f"staff:{who}", reason=reason)


async def let_back_in(session: WriteSession, vault: Vault, email: str) -> str:
    """A code for a member who lost password, authenticator or both; whoever runs the server vouches for them.

    Two-step, log-ins and known browsers end, and the old password with the code's use. Raises NotFoundError, also for
    a member who was disabled.
    """
    wanted = select(Staff).where(func.lower(Staff.email) == email.strip().lower(), Staff.disabled_at.is_(None))
    member = (await session.scalars(wanted.with_for_update())).one_or_none()
    if member is None:
        raise NotFoundError
    await members_two_step.remove(session, member.id, clock.now())
    await members_devices.forget(session, member.id, clock.now())
    await members_sessions.end(session, member.id)
    await record_act(session, None, "let_back_in", f"staff:{member.public_id}")
    return await _invite(session, vault, member.id, None, tokens.new())


async def end_sessions(session: WriteSession, owner: StaffSubject, who: UUID) -> None:
    """Raises NotFoundError; recorded when there was something to end. Known browsers count as new."""
    member = await _locked(session, who)
    await members_devices.forget(session, member.id, clock.now())
    ended = await members_sessions.end(session, member.id)
    if ended:
        await record_act(session, owner.id, "end_sessions", f"staff:{who}", detail={"count": ended})


async def change_own_password(session: WriteSession, member: StaffSubject, password_hash: str, token: str) -> None:
    """All other log-ins end."""
    values = {"password_hash": password_hash, "password_changed_at": clock.now()}
    await session.execute(update(Staff).where(Staff.id == member.id).values(**values))
    await members_sessions.end(session, member.id, but=token)
    await record_act(session, member.id, "change_own_password", f"staff:{member.public_id}")


async def set_two_step_up(session: WriteSession, vault: Vault, member: StaffSubject, code: str, token: str) -> None:
    """All other log-ins end. Raises WrongSecondFactorError."""
    await members_two_step.confirm(session, vault, member.id, code, clock.now())
    await members_sessions.end(session, member.id, but=token)
    await record_act(session, member.id, "set_up_two_step", f"staff:{member.public_id}")


async def take_own_two_step_away(session: WriteSession, member: StaffSubject) -> None:
    await members_two_step.remove(session, member.id, clock.now())
    await record_act(session, member.id, "remove_two_step", f"staff:{member.public_id}")


async def own_spare_codes(session: WriteSession, vault: Vault, member: StaffSubject, form_key: str) -> tuple[str, ...]:
    """Ten new spare codes, or the same again for the same form."""
    codes, are_new = await members_two_step.new_spare_codes(session, vault, member.id, form_key, clock.now())
    if are_new:
        await record_act(session, member.id, "make_spare_codes", f"staff:{member.public_id}")
    return codes


async def end_own_sessions(
    session: WriteSession, member: StaffSubject, *, only: int | None = None, but: str | None = None
) -> int:
    """How many ended: one, or all but the one of a token. Raises NotFoundError for one that is somebody else's."""
    if only is not None and not await members_sessions.is_own(session, member.id, only):
        raise NotFoundError
    ended = await members_sessions.end(session, member.id, only=only, but=but)
    if ended:
        await record_act(session, member.id, "end_sessions", f"staff:{member.public_id}", detail={"count": ended})
    return ended


async def _invite(session: WriteSession, vault: Vault, staff_id: int | None, by: int | None, form_key: str) -> str:
    at = clock.now()
    purpose = "first_owner" if staff_id is None else "join"
    older = update(StaffInvitation).where(
        StaffInvitation.purpose == purpose,
        StaffInvitation.staff_id.is_not_distinct_from(staff_id),
        StaffInvitation.used_at.is_(None),
        StaffInvitation.superseded_at.is_(None),
    )
    await session.execute(older.values(superseded_at=at))
    code = code_of(vault, by or 0, form_key)
    ends = at + (SET_UP_WITHIN if staff_id is None else JOIN_WITHIN)
    hashed = personal.index(vault, "staff-invitation", totp.plain(code))
    session.add(StaffInvitation(purpose=purpose, staff_id=staff_id, made_by=by, code_hash=hashed, expires_at=ends))
    await session.flush()
    return code


async def _usable(session: WriteSession, vault: Vault, purpose: str, code: str, at: datetime) -> StaffInvitation:
    wanted = select(StaffInvitation).where(
        StaffInvitation.code_hash == personal.index(vault, "staff-invitation", totp.plain(code)),
        StaffInvitation.purpose == purpose,
        StaffInvitation.used_at.is_(None),
        StaffInvitation.superseded_at.is_(None),
        StaffInvitation.expires_at > at,
    )
    found = (await session.scalars(wanted.with_for_update())).one_or_none()
    if found is None:
        raise WrongInvitationError
    return found


async def _keep_an_owner(session: WriteSession) -> None:
    """Owners who can log in are counted while all of them are locked: two who switch each other off do not both."""
    await session.flush()
    counted = select(func.count()).where(
        Staff.role == "owner", Staff.disabled_at.is_(None), Staff.password_hash != NOT_JOINED
    )
    if not await session.scalar(counted):
        raise LastOwnerError


async def _other(session: WriteSession, owner: StaffSubject, who: UUID) -> Staff:
    await session.execute(ONE_AT_A_TIME)
    member = await _locked(session, who)
    if member.id == owner.id:
        raise OwnRoleError
    return member


async def _locked(session: WriteSession, who: UUID) -> Staff:
    found = (await session.scalars(select(Staff).where(Staff.public_id == who).with_for_update())).one_or_none()
    if found is None:
        raise NotFoundError
    return found
