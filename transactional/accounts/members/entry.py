"""How staff come in: the password, then the second factor where there is one, both against guessing.

Functions take the engine, so that no connection waits for a hash and every attempt is on record whatever comes of it.
Strangers who guess use up their own networks' allowances and that of new devices; a device known to the member goes on.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from mingsuan.settings import Settings
from transactional.accounts.entry import attempts, passwords, rate_limits
from transactional.accounts.entry.attempts import Attempt, Outcome, Watch
from transactional.accounts.entry.errors import TooManyTriesError
from transactional.accounts.entry.gate import Gate
from transactional.accounts.entry.rate_limits import Allowance, Use
from transactional.accounts.members import devices as members_devices
from transactional.accounts.members import sessions as members_sessions
from transactional.accounts.members import two_step as members_two_step
from transactional.accounts.members.errors import SecondFactorNeededError, WrongSecondFactorError
from transactional.accounts.members.service import NOT_JOINED
from transactional.accounts.models import Staff
from transactional.accounts.schemas import LogInToken
from transactional.accounts.service import log_out, record_act
from transactional.accounts.sessions import Visitor
from transactional.cards.vault import Vault
from transactional.db import WriteSession, reading, writing
from transactional.errors import WrongCredentialsError

FROM_ADDRESS = Allowance("staff-address", 30, timedelta(minutes=10), 30)
FROM_ADDRESS_TO_ONE = Allowance("staff-address-one", 6, timedelta(minutes=10), 6)
NEW_DEVICES_OF_ONE = Allowance("staff-one", 60, timedelta(hours=1), 30)
SECOND_FACTOR = Allowance("staff-second-factor", 8, timedelta(minutes=10), 8)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who knocks: address, what the browser calls itself, the tokens of its cookies."""

    address: str
    device: str
    token: str | None = None
    device_token: str | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """The secrets of the log-in and of the browser, for their cookies."""

    log_in: LogInToken
    device_token: str

    def __repr__(self) -> str:
        return "Entered(…)"


@dataclass(frozen=True, slots=True)
class Recognised:
    """The password was right. `factor`: needed as it is set up, to be set up first, or not needed."""

    staff_id: int
    public_id: UUID
    email: str
    factor: Literal["needed", "to_set_up", "none"]
    mark: str
    """Changes with the password and with the second factor, so that what was begun before does not go on after."""


class Door:
    """The way in of one shop."""

    def __init__(self, source: AsyncEngine, vault: Vault, settings: Settings, watch: Watch, gate: Gate) -> None:
        self._source, self._vault, self._settings, self._watch, self._gate = source, vault, settings, watch, gate

    async def password(self, caller: Caller, email: str, password: str) -> Recognised:
        """Raises TooManyTriesError, CrowdedError, WrongCredentialsError: the same for unknown, disabled and mistaken
        people."""
        email, visitor = email.strip().lower(), Visitor(caller.address)
        async with self._gate.turn(visitor, email):
            member = await self._recognise(caller, email, password)
        self._gate.remember_success(visitor, email)
        return member

    async def _recognise(self, caller: Caller, email: str, password: str) -> Recognised:
        uses = await self._allowed(caller, email)
        async with reading(self._source) as session:
            found = (await session.scalars(select(Staff).where(func.lower(Staff.email) == email))).one_or_none()
        known = found.password_hash if found and found.password_hash != NOT_JOINED else None
        fits = await passwords.matches(password, known)
        if not fits or found is None or found.disabled_at is not None:
            await self._record(caller, email, "wrong", found.id if found else None)
            raise WrongCredentialsError
        async with writing(self._source) as session:
            await rate_limits.give_back(session, self._vault, uses)
        return self._recognised(found)

    async def knock(self, caller: Caller) -> None:
        """For codes from hand to hand: so many tries an address. Raises TooManyTriesError."""
        async with writing(self._source) as session:
            block = rate_limits.address_block(caller.address)
            await self._take(session, [FROM_ADDRESS.of(block)], clock.now())

    async def recognised(self, staff_id: int) -> Recognised | None:
        """How a member stands who gave the password a moment ago; None when disabled since."""
        async with reading(self._source) as session:
            found = await session.get(Staff, staff_id)
        return self._recognised(found) if found is not None and found.disabled_at is None else None

    async def enter(self, caller: Caller, member: Recognised) -> Entered:
        """In with the password alone. Raises SecondFactorNeededError."""
        if member.factor != "none":
            await self._record(caller, member.email, "code_needed", member.staff_id)
            raise SecondFactorNeededError
        return await self._enter(caller, member, "password")

    async def second_factor(self, caller: Caller, member: Recognised, code: str) -> Entered:
        """In with the code of an authenticator or a spare one. Raises TooManyTriesError, WrongSecondFactorError."""
        by = await self.factor_of(caller, member, code)
        return await self._enter(caller, member, f"password+{by}")

    async def factor_of(self, caller: Caller, member: Recognised, code: str) -> str:
        """Which second factor the code is; it is used up. Raises TooManyTriesError, WrongSecondFactorError."""
        at = clock.now()
        async with writing(self._source) as session:
            await self._take(session, [SECOND_FACTOR.of(str(member.staff_id))], at)
            by = await members_two_step.is_accepted(session, self._vault, member.staff_id, code, at)
            if by is not None:
                await rate_limits.give_back(session, self._vault, [SECOND_FACTOR.of(str(member.staff_id))])
        if by is None:
            await self._record(caller, member.email, "wrong", member.staff_id)
            raise WrongSecondFactorError
        return by

    async def try_code(self, staff_id: int) -> None:
        """Uses up one try at a member's codes. Raises TooManyTriesError."""
        async with writing(self._source) as session:
            await self._take(session, [SECOND_FACTOR.of(str(staff_id))], clock.now())

    async def first_code(self, caller: Caller, member: Recognised, code: str) -> Entered:
        """Sets the second factor up and comes in. Raises TooManyTriesError, WrongSecondFactorError."""
        await self.try_code(member.staff_id)
        async with writing(self._source) as session:
            await members_two_step.confirm(session, self._vault, member.staff_id, code, clock.now())
            await record_act(session, member.staff_id, "set_up_two_step", f"staff:{member.public_id}")
        return await self._enter(caller, member, "password+totp")

    async def _enter(self, caller: Caller, member: Recognised, by: str) -> Entered:
        network = rate_limits.network_of(caller.address)
        async with writing(self._source) as session:
            if caller.token:
                await log_out(session, caller.token)
            token = await members_sessions.open_session(
                session, member.staff_id, self._settings, by=by, device=caller.device, network=network
            )
            device = await members_devices.remember(session, caller.device_token, member.staff_id, clock.now())
        await self._record(caller, member.email, "succeeded", member.staff_id)
        return Entered(token, device)

    async def _allowed(self, caller: Caller, email: str) -> list[Use]:
        block = rate_limits.address_block(caller.address)
        uses = [FROM_ADDRESS.of(block), FROM_ADDRESS_TO_ONE.of(f"{block} {email}")]
        async with reading(self._source) as session:
            if not await members_devices.is_known(session, caller.device_token, email):
                uses.append(NEW_DEVICES_OF_ONE.of(email))
        try:
            async with writing(self._source) as session:
                await self._take(session, uses, clock.now())
        except TooManyTriesError:
            await self._record(caller, email, "refused")
            raise
        return uses

    async def _take(self, session: WriteSession, uses: list[Use], at: datetime) -> None:
        taken = await rate_limits.take(session, self._vault, uses, at)
        if taken.is_refused:
            raise TooManyTriesError(retry_after_seconds=taken.retry_after_seconds)

    async def _record(self, caller: Caller, email: str, outcome: Outcome, staff_id: int | None = None) -> None:
        attempt = Attempt("staff", email, caller.address, staff_id=staff_id)
        async with writing(self._source) as session:
            await attempts.record(session, self._vault, self._watch, attempt, outcome, clock.now())

    def _recognised(self, found: Staff) -> Recognised:
        has = found.totp_confirmed_at is not None
        factor: Literal["needed", "to_set_up", "none"] = (
            "needed" if has else "to_set_up" if is_required(found.role, self._settings) else "none"
        )
        mark = hashlib.sha256(f"{found.password_hash}\0{found.totp_confirmed_at}".encode()).hexdigest()
        return Recognised(found.id, found.public_id, found.email, factor, mark)


def is_required(role: str, settings: Settings) -> bool:
    """Whether a role needs a second factor; "auto" means owners, where cookies travel over HTTPS only."""
    wanted = settings.staff_two_step
    if wanted == "auto":
        wanted = "owner" if settings.secure_cookies else "off"
    return wanted == "all" or (wanted == "owner" and role == "owner")
