"""Asking for a one-time code: how often, to whom, and what is sent instead to somebody who cannot use one.

Whether anybody has the identifier changes nothing that the one who asks can see; only the message differs.
"""

from datetime import datetime

from mingsuan import clock
from transactional.accounts.entry import codes, log_in, rate_limits
from transactional.accounts.entry import queries as entry_queries
from transactional.accounts.entry.codes import MINUTES, Issued, Purpose
from transactional.accounts.entry.errors import TooManyTriesError
from transactional.accounts.entry.identifiers import Identifier
from transactional.accounts.entry.rate_limits import Use, address_block
from transactional.accounts.entry.rules import CODES_PER_ADDRESS, CODES_PER_DAY, CODES_PER_HOUR
from transactional.accounts.sessions import Visitor
from transactional.db import WriteSession, writing
from transactional.notices import service as notices
from transactional.shop import Shop

TAKEN = "register_taken"
"""Purpose of the message to somebody who has an account already, when one is opened with their address or number."""


async def request_code(shop: Shop, visitor: Visitor, purpose: Purpose, who: Identifier) -> str:
    """Sends a code for opening an account, logging in or resetting the password; the flow that it is good with.

    Raises TooManyTriesError, CrowdedError.
    """
    async with shop.gate.turn(visitor, who.subject, "code"):
        return await _requested(shop, visitor, purpose, who)


async def _requested(shop: Shop, visitor: Visitor, purpose: Purpose, who: Identifier) -> str:
    at = clock.now()
    async with writing(shop.engine) as session:
        uses = await sending_uses(session, shop, visitor, purpose, who, at)
        taken = await rate_limits.take(session, shop.vault, uses, at)
        if not taken.is_refused:
            found = await entry_queries.by_identifier(session, shop.vault, who)
            issued = await codes.issue(session, shop.vault, purpose, who, found.id if found else None, at)
            await _send(session, shop, visitor, purpose, who, issued, is_taken=found is not None)
    if taken.is_refused:
        raise TooManyTriesError(retry_after_seconds=taken.retry_after_seconds)
    return issued.flow


async def sending_uses(
    session: WriteSession, shop: Shop, visitor: Visitor, purpose: Purpose, who: Identifier, at: datetime
) -> list[Use]:
    """What one more message uses up. A customer's own address has an allowance that strangers cannot use up."""
    at_home = await log_in.is_home(session, shop, who, visitor.address, at)
    block = address_block(visitor.address)
    target = f"{purpose}\0{who.subject}\0{block if at_home else ''}"
    return [CODES_PER_HOUR.of(target), CODES_PER_DAY.of(target), CODES_PER_ADDRESS.of(block)]


async def _send(
    session: WriteSession,
    shop: Shop,
    visitor: Visitor,
    purpose: Purpose,
    who: Identifier,
    issued: Issued,
    *,
    is_taken: bool,
) -> None:
    """The code, or word that an account exists; where there is nobody to write to, the same work is undone."""
    nobody = purpose != "register" and not is_taken
    async with session.begin_nested() as sent:
        await notices.send_code(
            session,
            shop.vault,
            channel=who.channel,
            target=who.value,
            purpose=TAKEN if purpose == "register" and is_taken else purpose,
            code="" if purpose == "register" and is_taken else issued.code,
            language=visitor.language,
            minutes=MINUTES,
        )
        if nobody:  # nobody has it, and strangers are not written to; the time that it takes is the same
            await sent.rollback()
