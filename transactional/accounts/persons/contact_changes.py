"""Another e-mail address or telephone number: confirmed by a code to the new one, told to the old one.

Whether somebody else has it is told only to whoever holds the code that was sent there.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from mingsuan import clock
from transactional.accounts.entry import codes, rate_limits
from transactional.accounts.entry.code_requests import sending_uses
from transactional.accounts.entry.codes import MINUTES, Purpose
from transactional.accounts.entry.errors import TooManyTriesError, WrongCodeError
from transactional.accounts.entry.identifiers import Identifier
from transactional.accounts.entry.rate_limits import address_block
from transactional.accounts.entry.rules import CODE_TRIES
from transactional.accounts.models import Customer
from transactional.accounts.persons import contacts
from transactional.accounts.persons.errors import SameContactError
from transactional.accounts.sessions import Visitor
from transactional.db import ReadSession, WriteSession, writing
from transactional.errors import EmailTakenError
from transactional.notices import service as notices
from transactional.shop import Shop

PURPOSE: Purpose = "verify_contact"
REPLACED = "contact_replaced"
"""Purpose of the message to the contact that is not used any more."""
WORD_MINUTES = 24 * 60


async def request_change(shop: Shop, visitor: Visitor, customer_id: int, new: Identifier) -> str:
    """Sends a code to the new contact; the flow that it is good with. Raises SameContactError, TooManyTriesError."""
    at = clock.now()
    async with writing(shop.engine) as session:
        if await _present(session, shop, customer_id, new) == new:
            raise SameContactError
        uses = await sending_uses(session, shop, visitor, PURPOSE, new, at)
        taken = await rate_limits.take(session, shop.vault, uses, at)
        if not taken.is_refused:
            issued = await codes.issue(session, shop.vault, PURPOSE, new, customer_id, at)
            await _send(session, shop, new, PURPOSE, issued.code, visitor.language, MINUTES)
    if taken.is_refused:
        raise TooManyTriesError(retry_after_seconds=taken.retry_after_seconds)
    return issued.flow


async def confirm_change(
    shop: Shop,
    visitor: Visitor,
    customer_id: int,
    new: Identifier,
    flow: str,
    code: str,
    *,
    again_within: timedelta = timedelta(0),
) -> None:
    """The new contact takes the old one's place. Raises WrongCodeError, TooManyTriesError, EmailTakenError,
    PhoneTakenError."""
    at = clock.now()
    use = CODE_TRIES.of(address_block(visitor.address))
    async with writing(shop.engine) as session:
        taken = await rate_limits.take(session, shop.vault, [use], at)
        if taken.is_refused:
            raise TooManyTriesError(retry_after_seconds=taken.retry_after_seconds)
    async with writing(shop.engine) as session:
        spent = await codes.spend(session, shop.vault, PURPOSE, new, flow, code, at, again_within=again_within)
        if spent is not None and spent.customer_id == customer_id:
            await _changed(session, shop, customer_id, new, at, visitor.language)
            await rate_limits.give_back(session, shop.vault, [use])
            return
    raise WrongCodeError


async def _changed(
    session: WriteSession, shop: Shop, customer_id: int, new: Identifier, at: datetime, language: str
) -> None:
    old = await _present(session, shop, customer_id, new)
    if old == new:
        return  # a double click
    if new.channel == "sms":
        await contacts.set_phone(session, shop.vault, customer_id, new.value, at)
    else:
        await _set_email(session, customer_id, new.value, at)
    await notices.tell(session, customer_id, "contact_changed", f"contact:{at:%Y-%m-%dT%H:%M:%S}Z")
    if old is not None:
        await _send(session, shop, old, REPLACED, "", language, WORD_MINUTES)


async def _present(session: ReadSession, shop: Shop, customer_id: int, new: Identifier) -> Identifier | None:
    """The contact of the same kind that the customer has now."""
    if new.channel == "sms":
        phone = await contacts.phone_of(session, shop.vault, customer_id)
        return Identifier("sms", phone) if phone else None
    email = await session.scalar(select(Customer.email).where(Customer.id == customer_id))
    return Identifier("email", email) if email else None


async def _set_email(session: WriteSession, customer_id: int, email: str, at: datetime) -> None:
    try:
        async with session.begin_nested():
            customer = await session.get_one(Customer, customer_id, with_for_update=True)
            customer.email, customer.email_verified_at = email, at
            await session.flush()
    except IntegrityError:
        raise EmailTakenError from None


async def _send(
    session: WriteSession, shop: Shop, who: Identifier, purpose: str, code: str, language: str, minutes: int
) -> None:
    await notices.send_code(
        session,
        shop.vault,
        channel=who.channel,
        target=who.value,
        purpose=purpose,
        code=code,
        language=language,
        minutes=minutes,
    )
