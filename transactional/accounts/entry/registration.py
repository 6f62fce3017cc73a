"""Opening an account with an address or a number that a code has just proven.

Whether the identifier is taken is told only to whoever holds the code that was sent there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from mingsuan import clock
from transactional.accounts.entry import codes, log_in, passwords, rate_limits
from transactional.accounts.entry import queries as entry_queries
from transactional.accounts.entry.errors import ConsentNeededError, TooManyTriesError, WrongCodeError
from transactional.accounts.entry.identifiers import Identifier
from transactional.accounts.entry.rate_limits import address_block
from transactional.accounts.entry.rules import CODE_TRIES
from transactional.accounts.models import Customer, Wallet
from transactional.accounts.persons import consents, contacts
from transactional.accounts.persons.errors import PhoneTakenError
from transactional.accounts.rules import password_problems
from transactional.accounts.sessions import Opened, Visitor
from transactional.db import WriteSession, writing
from transactional.errors import FieldProblem, InvalidInputError
from transactional.shop import Shop

DOCUMENTS = ("terms", "privacy")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a person chose; `password` may be empty for a telephone number. `agreed` are the documents they ticked."""

    who: Identifier
    password: str
    agreed: Sequence[str]
    display_name: str = ""


async def open_account(
    shop: Shop, visitor: Visitor, new: NewAccount, flow: str, code: str, *, again_within: timedelta = timedelta(0)
) -> Opened:
    """The new customer, logged in; for a double click the same customer, logged in again.

    Raises InvalidInputError, ConsentNeededError, WrongCodeError, TooManyTriesError, CrowdedError.
    """
    check(new)
    async with shop.gate.turn(visitor, new.who.subject, "code"):
        return await _opened(shop, visitor, new, flow, code, again_within)


async def _opened(
    shop: Shop, visitor: Visitor, new: NewAccount, flow: str, code: str, again_within: timedelta
) -> Opened:
    at = clock.now()
    use = CODE_TRIES.of(address_block(visitor.address))
    async with writing(shop.engine) as session:
        taken = await rate_limits.take(session, shop.vault, [use], at)
    if taken.is_refused:
        shop.gate.remember_refusal(visitor, new.who.subject, "code", taken.retry_after_seconds)
        raise TooManyTriesError(retry_after_seconds=taken.retry_after_seconds)
    password_hash = await passwords.hashed(new.password) if new.password else None
    opened = None
    async with writing(shop.engine) as session:
        spent = await codes.spend(session, shop.vault, "register", new.who, flow, code, at, again_within=again_within)
        if spent:
            customer_id = await _customer(session, shop, visitor, new, password_hash)
            opened = await log_in.welcome(
                session, shop, visitor, new.who, customer_id, "registration", [use], is_new=True
            )
    if opened is None:
        raise WrongCodeError
    return opened


def check(new: NewAccount) -> None:
    """Raises ConsentNeededError, InvalidInputError."""
    if not set(DOCUMENTS) <= set(new.agreed):
        raise ConsentNeededError
    if new.password or new.who.channel == "email":
        problems = password_problems(new.password, new.who.value)
        if problems:
            raise InvalidInputError(problems)
    if not new.display_name.isprintable():
        raise InvalidInputError([FieldProblem("display_name", "This contains characters that cannot be shown.")])


async def _customer(
    session: WriteSession, shop: Shop, visitor: Visitor, new: NewAccount, password_hash: str | None
) -> int:
    """A new customer, or the one whom the same form made a moment ago."""
    at, who = clock.now(), new.who
    made = Customer(
        email=who.value if who.channel == "email" else None,
        display_name=new.display_name.strip() or _name(who),
        password_hash=password_hash,
        email_verified_at=at if who.channel == "email" else None,
        password_changed_at=at if password_hash else None,
        registered_at=at,
        language=visitor.language,
    )
    try:
        async with session.begin_nested():
            session.add(made)
            await session.flush()
            if who.channel == "sms":
                await contacts.set_phone(session, shop.vault, made.id, who.value, at)
    except (IntegrityError, PhoneTakenError):
        found = await entry_queries.by_identifier(session, shop.vault, who)
        if found is None:
            raise
        return found.id
    session.add(Wallet(customer_id=made.id, balance_fen=0))
    await session.flush()
    await consents.give(session, made.id, (*DOCUMENTS, "refund_rule"), visitor.language)  # it is part of the terms
    return made.id


def _name(who: Identifier) -> str:
    """What the shop calls somebody who gave no name; never more of a number than its last digits."""
    return who.value.partition("@")[0] if who.channel == "email" else f"****{who.value[-4:]}"
