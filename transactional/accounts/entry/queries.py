"""SQL of the ways in: who has an identifier, and what is kept of a customer's password."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from transactional.accounts.entry.identifiers import Identifier
from transactional.accounts.models import Customer
from transactional.accounts.persons import contacts, personal
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession


@dataclass(frozen=True, slots=True)
class Found:
    """A customer by an identifier; without a password hash only a code lets them in."""

    id: int
    password_hash: str | None


async def by_identifier(session: ReadSession, vault: Vault, who: Identifier) -> Found | None:
    """Who has this address or number. Persons that were erased have none."""
    found = select(Customer.id, Customer.password_hash).where(Customer.erased_at.is_(None))
    if who.channel == "email":
        found = found.where(func.lower(Customer.email) == func.lower(who.value))
    else:
        found = found.where(Customer.phone_index == personal.index(vault, contacts.PHONE, who.value))
    row = (await session.execute(found)).one_or_none()
    return Found(*row) if row else None


async def by_id(session: ReadSession, customer_id: int) -> Found | None:
    row = (
        await session.execute(select(Customer.id, Customer.password_hash).where(Customer.id == customer_id))
    ).one_or_none()
    return Found(*row) if row else None


async def set_password(session: WriteSession, customer_id: int, password_hash: str, at: datetime | None) -> None:
    """`at` is None when the password stays and only its hash is made again."""
    values = {"password_hash": password_hash} | ({"password_changed_at": at} if at else {})
    await session.execute(update(Customer).where(Customer.id == customer_id).values(**values))


async def confirm(session: WriteSession, customer_id: int, who: Identifier, at: datetime) -> None:
    """A code that was sent there came back: it is the customer's."""
    field = "email_verified_at" if who.channel == "email" else "phone_verified_at"
    unproven = update(Customer).where(Customer.id == customer_id, getattr(Customer, field).is_(None))
    await session.execute(unproven.values({field: at}))


async def remember_language(session: WriteSession, customer_id: int, language: str) -> None:
    """The language that messages are written in from now on."""
    await session.execute(update(Customer).where(Customer.id == customer_id).values(language=language))
