"""One-time codes: six digits, bound to what they are for, whom they were sent to and the browser that asked.

That browser holds a `flow`, without which a code is worth nothing: strangers can neither use up somebody's tries nor
spend the codes that somebody was sent. Whom to send to, and how often, is decided by the ways in that use them.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import text

from transactional.accounts import tokens
from transactional.accounts.entry.identifiers import Identifier
from transactional.accounts.entry.models import OneTimeCode
from transactional.accounts.persons import personal
from transactional.cards.vault import Vault
from transactional.db import WriteSession

Purpose = Literal["register", "log_in", "reset_password", "verify_contact", "withdraw"]
MINUTES = 10
TRIES = 5
DIGITS = 6

SPEND = text("""
update shop.one_time_code
set tries_left = case when used_at is null then tries_left - 1 else tries_left end,
    used_at = case when code_hash = :code_hash then coalesce(used_at, :at) end
where target_index = :target_index and purpose = :purpose and expires_at > :at
    and (used_at is null and tries_left > 0 or used_at > :again_from and code_hash = :code_hash)
returning code_hash = :code_hash as fits, customer_id
""")


@dataclass(frozen=True, slots=True)
class Issued:
    """A new code in clear, on its way to the sender. Never printed by accident."""

    flow: str
    code: str

    def __repr__(self) -> str:
        return "Issued(…)"


@dataclass(frozen=True, slots=True)
class Spent:
    """The code was right; `customer_id` is whose it was when it was made."""

    customer_id: int | None


async def issue(
    session: WriteSession, vault: Vault, purpose: Purpose, who: Identifier, customer_id: int | None, at: datetime
) -> Issued:
    """A code that is good for MINUTES and TRIES; the table keeps keyed hashes of it and of whom it is for."""
    issued = Issued(tokens.new(), new_code())
    row = OneTimeCode(
        purpose=purpose,
        channel=who.channel,
        target_index=_target(vault, purpose, who, issued.flow),
        code_hash=_hash(vault, issued.flow, issued.code),
        customer_id=customer_id,
        expires_at=at + timedelta(minutes=MINUTES),
        tries_left=TRIES,
    )
    session.add(row)
    await session.flush()
    return issued


async def spend(
    session: WriteSession,
    vault: Vault,
    purpose: Purpose,
    who: Identifier,
    flow: str,
    code: str,
    at: datetime,
    *,
    again_within: timedelta = timedelta(0),
) -> Spent | None:
    """Uses the code up; None when it is wrong, late or used. Commit the transaction then too: the try counts.

    `again_within` lets the form of the same browser come twice, as a double click sends it.
    """
    values = {
        "purpose": purpose,
        "target_index": _target(vault, purpose, who, flow),
        "code_hash": _hash(vault, flow, "".join(code.split())),
        "at": at,
        "again_from": at - again_within,
    }
    row = (await session.execute(SPEND, values)).one_or_none()
    return Spent(row.customer_id) if row is not None and row.fits else None


def new_code() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def _target(vault: Vault, purpose: str, who: Identifier, flow: str) -> bytes:
    return personal.index(vault, f"code-target/{purpose}", f"{who.subject}\0{flow}")


def _hash(vault: Vault, flow: str, code: str) -> bytes:
    return personal.index(vault, "code", f"{flow}\0{code}")
