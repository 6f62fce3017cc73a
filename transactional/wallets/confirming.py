"""That it is really the customer who wants money out: by the password, or by a code sent to a proven contact.

Wrong tries are counted before anything is hashed. Takes the engine: counting holds also when the rest is refused.
"""

from datetime import timedelta

from sqlalchemy import select

from mingsuan import clock
from transactional.accounts.entry import codes, passwords, rate_limits
from transactional.accounts.entry.errors import TooManyTriesError, WrongCodeError
from transactional.accounts.entry.identifiers import Identifier
from transactional.accounts.entry.rate_limits import Allowance
from transactional.accounts.entry.rules import CODES_PER_HOUR
from transactional.accounts.models import Customer
from transactional.accounts.persons import contacts
from transactional.accounts.schemas import CustomerSubject
from transactional.db import reading, writing
from transactional.notices import service as notices
from transactional.shop import Shop
from transactional.wallets.errors import NoContactError, WrongPasswordError
from transactional.wallets.withdrawing import Confirmation

TRIES = Allowance("withdraw_tries", count=10, period=timedelta(hours=1), burst=5)
"""Wrong passwords or codes given by one customer who is logged in."""
DOUBLE_CLICK = timedelta(minutes=1)


async def confirm(shop: Shop, customer: CustomerSubject, password: str, flow: str, code: str) -> Confirmation:
    """How it was confirmed: by the code when one is given, else by the password.

    Raises WrongPasswordError, WrongCodeError, TooManyTriesError.
    """
    use, at = TRIES.of(str(customer.public_id)), clock.now()
    async with writing(shop.engine) as session:
        taken = await rate_limits.take(session, shop.vault, [use], at)
    if taken.is_refused:
        raise TooManyTriesError(retry_after_seconds=taken.retry_after_seconds)
    if code.strip():
        await _by_code(shop, customer, flow, code)
    else:
        await _by_password(shop, customer, password)
    async with writing(shop.engine) as session:
        await rate_limits.give_back(session, shop.vault, [use])
    return "code" if code.strip() else "password"


async def send_code(shop: Shop, customer: CustomerSubject, language: str) -> tuple[str, str]:
    """Sends a code; the flow that its browser keeps, and where the code went, masked.

    Raises NoContactError, TooManyTriesError.
    """
    who, at = await _contact(shop, customer), clock.now()
    if who is None:
        raise NoContactError
    async with writing(shop.engine) as session:
        taken = await rate_limits.take(session, shop.vault, [CODES_PER_HOUR.of(f"withdraw:{who.subject}")], at)
        if taken.is_refused:
            raise TooManyTriesError(retry_after_seconds=taken.retry_after_seconds)
        issued = await codes.issue(session, shop.vault, "withdraw", who, customer.id, at)
        await notices.send_code(
            session,
            shop.vault,
            channel=who.channel,
            target=who.value,
            purpose="withdraw",
            code=issued.code,
            language=language,
            minutes=codes.MINUTES,
        )
    return issued.flow, who.masked


async def _contact(shop: Shop, customer: CustomerSubject) -> Identifier | None:
    """The telephone, else the address; only one that was proven."""
    async with reading(shop.engine) as session:
        phone = await contacts.phone_of(session, shop.vault, customer.id)
        if phone is not None:
            return Identifier("sms", phone)
        proven = await session.scalar(select(Customer.email_verified_at).where(Customer.id == customer.id))
    return Identifier("email", customer.email) if proven is not None and customer.email else None


async def _by_password(shop: Shop, customer: CustomerSubject, password: str) -> None:
    async with reading(shop.engine) as session:
        known = await session.scalar(select(Customer.password_hash).where(Customer.id == customer.id))
    if not await passwords.matches(password, known):
        raise WrongPasswordError


async def _by_code(shop: Shop, customer: CustomerSubject, flow: str, code: str) -> None:
    who = await _contact(shop, customer)
    if who is None:
        raise WrongCodeError
    async with writing(shop.engine) as session:
        spent = await codes.spend(
            session, shop.vault, "withdraw", who, flow, code, clock.now(), again_within=DOUBLE_CLICK
        )
    if spent is None or spent.customer_id != customer.id:
        raise WrongCodeError
