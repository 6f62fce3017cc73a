"""Where a customer is at home, as staff recorded it; the profile of compliance follows from it."""

from uuid import UUID

import phonenumbers
from sqlalchemy import select

from transactional.accounts.models import Customer
from transactional.accounts.service import record_act
from transactional.db import ReadSession, WriteSession
from transactional.draws.play.people import who_may
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError

ACT = "decide_identity"
NO_COUNTRY = "Give the two letters of a country, such as CN."
NO_REASON = "Say on what ground."


async def customer_of(session: ReadSession, customer: UUID) -> Customer:
    """Raises NotFoundError."""
    row = await session.scalar(select(Customer).where(Customer.public_id == customer))
    if row is None:
        raise NotFoundError
    return row


async def record(session: WriteSession, customer: UUID, country: str, reason: str, staff_id: int) -> None:
    """From now on the rules of that country hold for the customer. Raises NotAllowedError, NotFoundError,
    InvalidInputError."""
    await who_may(session, staff_id, ACT)
    row = await customer_of(session, customer)
    code = country.strip().upper()
    problems = []
    if code not in phonenumbers.SUPPORTED_REGIONS:
        problems.append(FieldProblem("country", NO_COUNTRY))
    if not reason.strip():
        problems.append(FieldProblem("reason", NO_REASON))
    if problems:
        raise InvalidInputError(problems)
    before, row.country = row.country, code
    await session.flush()
    detail = {"from": before, "to": code}
    await record_act(session, staff_id, "record_country", f"customer:{customer}", reason=reason.strip(), detail=detail)
