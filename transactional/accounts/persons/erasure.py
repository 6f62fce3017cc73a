"""Erasing a customer: refused while anything is open, confirmed by password or code, and final.

Personal fields are overwritten, the customer's key is destroyed, log-ins end, a tombstone stays. Books are not touched.
Backups keep what they hold until they expire; after a restore, `erased_at` says whom to erase again.
"""

from datetime import timedelta

from sqlalchemy import select

from mingsuan import clock
from transactional.accounts import sessions as log_ins
from transactional.accounts.entry import codes, passwords, rate_limits
from transactional.accounts.entry.errors import TooManyTriesError, WrongCodeError
from transactional.accounts.entry.identifiers import Identifier
from transactional.accounts.entry.rate_limits import Allowance
from transactional.accounts.entry.rules import CODES_PER_HOUR
from transactional.accounts.models import Customer
from transactional.accounts.persons import contacts, erasure_queries, identity_queries, personal
from transactional.accounts.persons.erasure_queries import Standing
from transactional.accounts.persons.errors import NotErasableError, WrongOwnPasswordError
from transactional.accounts.schemas import CustomerSubject
from transactional.db import ReadSession, WriteSession, reading, writing
from transactional.notices import service as notices
from transactional.shop import Shop

NOTHING = Standing(0, 0, 0, 0, 0, 0)
TRIES = Allowance("erasure_tries", count=10, period=timedelta(hours=1), burst=5)
"""Wrong passwords or codes given by one customer who is logged in."""


async def standing(session: ReadSession, customer_id: int) -> Standing:
    """What would have to be ended first."""
    return await erasure_queries.standing(session, customer_id, clock.now())


async def send_code(shop: Shop, customer: CustomerSubject, language: str) -> str | None:
    """Sends a code to the number or address that the customer has; its flow, None without either.

    Raises TooManyTriesError.
    """
    at = clock.now()
    async with writing(shop.engine) as session:
        who = await _contact(session, shop, customer)
        if who is None:
            return None
        taken = await rate_limits.take(session, shop.vault, [CODES_PER_HOUR.of(f"erase:{who.subject}")], at)
        if taken.is_refused:
            raise TooManyTriesError(retry_after_seconds=taken.retry_after_seconds)
        issued = await codes.issue(session, shop.vault, "verify_contact", who, customer.id, at)
        await notices.send_code(
            session,
            shop.vault,
            channel=who.channel,
            target=who.value,
            purpose="verify_contact",
            code=issued.code,
            language=language,
            minutes=codes.MINUTES,
        )
    return issued.flow


async def confirm_and_erase(shop: Shop, customer: CustomerSubject, password: str, flow: str, code: str) -> None:
    """Erases after the code, when one is given, or else the password was right; wrong ones are counted.

    Takes the shop: a password is hashed while no connection is held. Raises WrongOwnPasswordError, WrongCodeError,
    TooManyTriesError, NotErasableError.
    """
    use = TRIES.of(str(customer.public_id))
    async with writing(shop.engine) as session:
        taken = await rate_limits.take(session, shop.vault, [use], clock.now())
    if taken.is_refused:
        raise TooManyTriesError(retry_after_seconds=taken.retry_after_seconds)
    if code.strip():
        await _check_code(shop, customer, flow, code)
    else:
        await _check_password(shop, customer, password)
    async with writing(shop.engine) as session:
        await erase(session, customer.id)
        await rate_limits.give_back(session, shop.vault, [use])


async def erase(session: WriteSession, customer_id: int) -> None:
    """Of somebody who is known to want it. Done twice, it is once. Raises NotErasableError."""
    at = clock.now()
    if not await erasure_queries.lock(session, customer_id):
        return
    if await erasure_queries.standing(session, customer_id, at) != NOTHING:
        raise NotErasableError
    email = await session.scalar(select(Customer.email).where(Customer.id == customer_id))
    await log_ins.end_all(session, customer_id, at)
    await log_ins.forget_devices(session, customer_id, at)
    await identity_queries.forget(session, customer_id, at, number_too=True)
    await erasure_queries.overwrite(session, customer_id, email or "", at)
    await personal.destroy_key(session, customer_id)


async def _check_password(shop: Shop, customer: CustomerSubject, password: str) -> None:
    async with reading(shop.engine) as session:
        known = await session.scalar(select(Customer.password_hash).where(Customer.id == customer.id))
    if not await passwords.matches(password, known):
        raise WrongOwnPasswordError


async def _check_code(shop: Shop, customer: CustomerSubject, flow: str, code: str) -> None:
    async with writing(shop.engine) as session:
        who = await _contact(session, shop, customer)
        spent = None
        if who is not None:
            spent = await codes.spend(session, shop.vault, "verify_contact", who, flow, code, clock.now())
    if spent is None or spent.customer_id != customer.id:
        raise WrongCodeError


async def _contact(session: ReadSession, shop: Shop, customer: CustomerSubject) -> Identifier | None:
    """The telephone, else the address."""
    phone = await contacts.phone_of(session, shop.vault, customer.id)
    if phone is not None:
        return Identifier("sms", phone)
    return Identifier("email", customer.email) if customer.email else None
