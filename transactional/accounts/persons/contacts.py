"""Telephone numbers of customers: E.164, sealed under the customer's own key, found again by a keyed hash.

Proving that a number or an address is somebody's is done with one-time codes before anything here is called.
"""

from datetime import datetime

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from transactional.accounts.models import Customer
from transactional.accounts.persons import personal
from transactional.accounts.persons.errors import PhoneTakenError
from transactional.accounts.queries import customer_subject
from transactional.accounts.schemas import CustomerSubject
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.errors import FieldProblem, InvalidInputError

PHONE = "phone"
"""What numbers are sealed as and indexed by."""
MAX_LENGTH = 40
MOBILES = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
MAINLAND = 86


def parse_phone(text: str, country: str = "CN", *, mobile: bool = True, field: str = PHONE) -> str:
    """The number in E.164; without a country code it is one of `country`. Full-width digits are digits.

    Raises InvalidInputError for what is no number, or, with `mobile`, none that receives text messages.
    """
    try:
        if len(text) > MAX_LENGTH:
            raise NumberParseException(NumberParseException.TOO_LONG, "too long")
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        raise InvalidInputError([FieldProblem(field, "This is not a phone number.")]) from None
    if not phonenumbers.is_valid_number(number):
        raise InvalidInputError([FieldProblem(field, "This is not a phone number.")])
    if mobile and phonenumbers.number_type(number) not in MOBILES:
        raise InvalidInputError([FieldProblem(field, "This is not a mobile phone number.")])
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def national(phone: str) -> str:
    """A number as its people write it: mainland ones without the country's code."""
    number = phonenumbers.parse(phone, None)
    return str(number.national_number) if number.country_code == MAINLAND else phone


def masked(phone: str) -> str:
    """Enough of a number for its owner to know it: 138****8000, +852****4567."""
    shown = national(phone)
    return f"{shown[:3]}****{shown[-4:]}" if shown.isdecimal() else f"{shown[:4]}****{shown[-4:]}"


def masked_email(email: str) -> str:
    """l***@example.com: enough of an address for its owner to know it."""
    name, _, host = email.partition("@")
    return f"{name[:1]}***@{host}"


async def set_phone(session: WriteSession, vault: Vault, customer_id: int, phone_e164: str, at: datetime) -> None:
    """The customer's number from now on, proven at that instant. Raises PhoneTakenError."""
    sealed = await personal.seal(session, vault, customer_id, PHONE, {"phone": phone_e164})
    change = (
        update(Customer)
        .where(Customer.id == customer_id)
        .values(
            phone_index=personal.index(vault, PHONE, phone_e164),
            sealed_phone=sealed.content,
            phone_key_id=sealed.data_key_id,
            phone_verified_at=at,
        )
    )
    try:
        async with session.begin_nested():
            await session.execute(change)
    except IntegrityError:
        raise PhoneTakenError from None


async def phone_of(session: ReadSession, vault: Vault, customer_id: int) -> str | None:
    """E.164, None when the customer gave none."""
    found = select(Customer.phone_key_id, Customer.sealed_phone).where(Customer.id == customer_id)
    row = (await session.execute(found)).one_or_none()
    if row is None or row.sealed_phone is None:
        return None
    sealed = personal.Sealed(row.phone_key_id, bytes(row.sealed_phone))
    return (await personal.unseal(session, vault, customer_id, PHONE, sealed))["phone"]


async def customer_by_phone(session: ReadSession, vault: Vault, phone_e164: str) -> CustomerSubject | None:
    """Whose number it is."""
    index = personal.index(vault, PHONE, phone_e164)
    customer = await session.scalar(select(Customer).where(Customer.phone_index == index))
    return customer_subject(customer) if customer else None
