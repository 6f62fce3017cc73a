"""What accounts do: register, log in and out, say who is behind a cookie, credit a wallet, record what staff did.

Passwords are hashed outside transactions: hashing takes tens of milliseconds and must hold no database connection.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from mingsuan import clock
from transactional.accounts import queries, tokens
from transactional.accounts.entry import passwords
from transactional.accounts.models import STAFF_ROLES, Customer, Staff, StaffAct, Wallet
from transactional.accounts.rules import email_problems, password_problems
from transactional.accounts.schemas import (
    CreditSource,
    CustomerSubject,
    StaffSubject,
    WalletCreditView,
    WalletView,
)
from transactional.db import ReadSession, WriteSession
from transactional.errors import (
    EmailTakenError,
    FieldProblem,
    InvalidInputError,
    NotFoundError,
)
from transactional.ledger import service as ledger
from transactional.ledger.rules import wallet_credited


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked registration whose password is already hashed."""

    email: str
    password_hash: str
    display_name: str


async def draft_registration(email: str, password: str, display_name: str) -> Draft:
    """Check and hash, touching no database. Raises InvalidInputError naming each field."""
    email = email.strip()
    problems = (*email_problems(email), *password_problems(password, email))
    if problems:
        raise InvalidInputError(problems)
    name = display_name.strip() or email.partition("@")[0]
    return Draft(email, await passwords.hashed(password), name)


async def register(
    session: WriteSession, email: str, password: str, display_name: str, *, channel: str = "direct"
) -> CustomerSubject:
    """A new customer with an empty wallet. Raises InvalidInputError, EmailTakenError."""
    return await add_customer(session, await draft_registration(email, password, display_name), channel=channel)


async def add_customer(session: WriteSession, draft: Draft, *, channel: str = "direct") -> CustomerSubject:
    """The drafted customer and an empty wallet. Raises EmailTakenError."""
    customer = Customer(
        email=draft.email,
        display_name=draft.display_name,
        password_hash=draft.password_hash,
        acquisition_channel=channel,
        registered_at=clock.now(),
    )
    try:
        async with session.begin_nested():
            session.add(customer)
    except IntegrityError:
        raise EmailTakenError from None
    session.add(Wallet(customer_id=customer.id, balance_fen=0))
    await session.flush()
    return CustomerSubject(customer.id, customer.public_id, draft.email, draft.display_name)


async def add_staff(session: WriteSession, email: str, password: str, display_name: str, role: str) -> StaffSubject:
    """A new member of staff. Raises InvalidInputError, EmailTakenError."""
    if role not in STAFF_ROLES:
        raise InvalidInputError([FieldProblem("role", "Must be one of {roles}.", (("roles", ", ".join(STAFF_ROLES)),))])
    draft = await draft_registration(email, password, display_name)
    member = Staff(email=draft.email, display_name=draft.display_name, password_hash=draft.password_hash, role=role)
    try:
        async with session.begin_nested():
            session.add(member)
    except IntegrityError:
        raise EmailTakenError from None
    return queries.staff_subject(member)


async def log_out(session: WriteSession, token: str) -> None:
    """End the session of a token; unknown and ended ones are fine."""
    await session.execute(queries.revocation(tokens.digest(token), clock.now()))


async def customer_of(session: ReadSession, token: str | None) -> CustomerSubject | None:
    """The customer behind a cookie's token, None when there is none, it ended or expired."""
    return await queries.customer_of_token(session, tokens.digest(token), clock.now()) if token else None


async def staff_of(session: ReadSession, token: str | None) -> StaffSubject | None:
    """The member of staff behind a cookie's token, None when there is none, it ended, expired or they are disabled."""
    return await queries.staff_of_token(session, tokens.digest(token), clock.now()) if token else None


async def customer_named(session: ReadSession, email: str) -> CustomerSubject:
    """The customer with this e-mail address. Raises NotFoundError."""
    found = await queries.customer_by_email(session, email)
    if found is None:
        raise NotFoundError
    return found


async def credit_wallet(
    session: WriteSession,
    customer: CustomerSubject,
    amount_fen: int,
    source: CreditSource,
    reference: str,
    zone: ZoneInfo,
) -> WalletCreditView:
    """Add to a wallet and post it. `reference` names the act (who and which) and can be used once.

    Raises InvalidInputError for an amount that is not positive, IntegrityError for a reference used before.
    """
    if amount_fen <= 0:
        raise InvalidInputError([FieldProblem("amount_fen", "Must be more than zero.")])
    raised = (
        insert(Wallet)
        .values(customer_id=customer.id, balance_fen=amount_fen)
        .on_conflict_do_update(index_elements=["customer_id"], set_={"balance_fen": Wallet.balance_fen + amount_fen})
        .returning(Wallet.balance_fen)
    )
    balance_fen = (await session.execute(raised)).scalar_one()
    await ledger.post(session, [wallet_credited(reference, customer.id, amount_fen, source, clock.now())], zone)
    return WalletCreditView(
        customer_id=customer.public_id, amount_fen=amount_fen, balance_fen=balance_fen, reference=reference
    )


async def wallet(
    session: ReadSession, customer_id: int, currency: str, *, limit: int = 50, offset: int = 0
) -> WalletView:
    """Balance and statement, newest line first."""
    return WalletView(
        balance_fen=await queries.balance(session, customer_id),
        currency=currency,
        lines=await queries.wallet_lines(session, customer_id, limit, offset),
    )


async def record_act(
    session: WriteSession,
    staff_id: int | None,
    act: str,
    subject: str,
    *,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """What a member of staff (none: the command line) did to what, in the transaction that does it.

    `detail` holds numbers and public names only: never a code, a secret or a person.
    """
    session.add(StaffAct(staff_id=staff_id, act=act, subject=subject, reason=reason, detail=dict(detail or {})))
    await session.flush()
