"""The second factor of a member of staff: set up, confirmed, asked for, replaced, taken away.

The secret is sealed under the shop's key of purpose "staff"; spare codes are kept as keyed hashes.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert

from transactional.accounts.entry.models import StaffRecoveryCode
from transactional.accounts.members import totp
from transactional.accounts.members.errors import WrongSecondFactorError
from transactional.accounts.models import Staff
from transactional.accounts.persons import personal
from transactional.cards import service as cards
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession

PURPOSE, PERIOD = "staff", "totp"


async def begin(session: WriteSession, vault: Vault, staff_id: int) -> None:
    """A secret that becomes the second factor when `confirm` sees its first code; until then the old one stays."""
    member = await _locked(session, staff_id)
    key = await cards.data_key_for(session, vault, PURPOSE, PERIOD)
    if member.totp_key_id not in (None, key.id) and member.sealed_totp is not None:
        opened = await _opened(session, vault, member, member.sealed_totp)
        member.sealed_totp = vault.seal_bytes(key, _place(staff_id), opened.encode())
    member.totp_key_id = key.id
    member.sealed_next_totp = vault.seal_bytes(key, _place(staff_id), totp.new_secret().encode())


async def pending(session: ReadSession, vault: Vault, staff_id: int) -> str | None:
    """The secret that waits for its first code."""
    member = await session.get_one(Staff, staff_id)
    return await _opened(session, vault, member, member.sealed_next_totp) if member.sealed_next_totp else None


async def confirm(session: WriteSession, vault: Vault, staff_id: int, code: str, at: datetime) -> None:
    """The pending secret takes effect. Raises WrongSecondFactorError."""
    member = await _locked(session, staff_id)
    if member.sealed_next_totp is None:
        raise WrongSecondFactorError
    secret = await _opened(session, vault, member, member.sealed_next_totp)
    step = totp.matching_step(secret, code, at, None)
    if step is None:
        raise WrongSecondFactorError
    member.sealed_totp, member.sealed_next_totp = member.sealed_next_totp, None
    member.totp_confirmed_at, member.totp_last_step = at, step
    await supersede_spare_codes(session, staff_id, at)


async def is_accepted(session: WriteSession, vault: Vault, staff_id: int, code: str, at: datetime) -> str | None:
    """Which factor the code was, "totp" or "recovery"; it cannot be used again. None when it was neither."""
    member = await _locked(session, staff_id)
    if member.sealed_totp is None or member.totp_confirmed_at is None:
        return None
    secret = await _opened(session, vault, member, member.sealed_totp)
    step = totp.matching_step(secret, code, at, member.totp_last_step)
    if step is not None:
        member.totp_last_step = step
        return "totp"
    spent = (
        update(StaffRecoveryCode)
        .where(StaffRecoveryCode.code_hash == _hash(vault, staff_id, code), *_usable(staff_id))
        .values(used_at=at)
    )
    found = await session.scalar(spent.returning(StaffRecoveryCode.id))
    return None if found is None else "recovery"


async def new_spare_codes(
    session: WriteSession, vault: Vault, staff_id: int, form_key: str, at: datetime
) -> tuple[tuple[str, ...], bool]:
    """Ten codes in place of all older ones, and whether they are new.

    The same form sent again shows the same ten: they follow from its key, and nothing keeps them in clear.
    """
    await _locked(session, staff_id)
    codes = tuple(_spare_code(vault, staff_id, form_key, number) for number in range(totp.SPARE_CODES))
    hashes = [_hash(vault, staff_id, code) for code in codes]
    known = select(StaffRecoveryCode.id).where(StaffRecoveryCode.code_hash == hashes[0])
    if await session.scalar(known) is not None:
        return codes, False
    await supersede_spare_codes(session, staff_id, at)
    rows = [{"staff_id": staff_id, "code_hash": each} for each in hashes]
    await session.execute(insert(StaffRecoveryCode).values(rows))
    return codes, True


@dataclass(frozen=True, slots=True)
class Standing:
    """How a member's second step stands."""

    since: datetime | None
    spare_codes: int


async def standing(session: ReadSession, staff_id: int) -> Standing:
    since = await session.scalar(select(Staff.totp_confirmed_at).where(Staff.id == staff_id))
    left = select(func.count()).select_from(StaffRecoveryCode).where(*_usable(staff_id))
    return Standing(since, await session.scalar(left) or 0)


async def remove(session: WriteSession, staff_id: int, at: datetime) -> None:
    """No second factor from now on."""
    member = await _locked(session, staff_id)
    member.sealed_totp = member.sealed_next_totp = member.totp_key_id = None
    member.totp_confirmed_at = member.totp_last_step = None
    await supersede_spare_codes(session, staff_id, at)


async def supersede_spare_codes(session: WriteSession, staff_id: int, at: datetime) -> None:
    await session.execute(update(StaffRecoveryCode).where(*_usable(staff_id)).values(superseded_at=at))


async def _locked(session: WriteSession, staff_id: int) -> Staff:
    return (await session.scalars(select(Staff).where(Staff.id == staff_id).with_for_update())).one()


async def _opened(session: ReadSession, vault: Vault, member: Staff, sealed: bytes) -> str:
    if member.totp_key_id is None:
        raise LookupError(f"member {member.id} has a sealed secret without a key")
    key = await cards.data_key(session, member.totp_key_id)
    return vault.open_bytes(key, _place(member.id), bytes(sealed)).decode()


def _usable(staff_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        StaffRecoveryCode.staff_id == staff_id,
        StaffRecoveryCode.used_at.is_(None),
        StaffRecoveryCode.superseded_at.is_(None),
    )


def _spare_code(vault: Vault, staff_id: int, form_key: str, number: int) -> str:
    derived = personal.index(vault, "staff-spare-code", f"{staff_id}\0{form_key}\0{number}")
    return totp.in_groups(derived[: totp.SPARE_BYTES])


def _hash(vault: Vault, staff_id: int, code: str) -> bytes:
    return personal.index(vault, f"staff-recovery/{staff_id}", totp.plain(code))


def _place(staff_id: int) -> bytes:
    return b"staff\0totp\0" + staff_id.to_bytes(8, "big")
