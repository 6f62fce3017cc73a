"""Logging in by a one-time code. Used rightly, it gives back what asking for it used up, and the password before it."""

from datetime import timedelta

from mingsuan import clock
from transactional.accounts.entry import codes, log_in, rate_limits
from transactional.accounts.entry import queries as entry_queries
from transactional.accounts.entry.code_requests import sending_uses
from transactional.accounts.entry.errors import TooManyTriesError, WrongCodeError
from transactional.accounts.entry.identifiers import Identifier
from transactional.accounts.entry.rate_limits import address_block
from transactional.accounts.entry.rules import ADDRESS, CODE_TRIES
from transactional.accounts.sessions import Opened, Visitor
from transactional.db import writing
from transactional.shop import Shop


async def by_code(
    shop: Shop, visitor: Visitor, who: Identifier, flow: str, code: str, *, again_within: timedelta = timedelta(0)
) -> Opened:
    """Raises WrongCodeError, TooManyTriesError, CrowdedError."""
    async with shop.gate.turn(visitor, who.subject, "code"):
        return await _entered(shop, visitor, who, flow, code, again_within)


async def _entered(
    shop: Shop, visitor: Visitor, who: Identifier, flow: str, code: str, again_within: timedelta
) -> Opened:
    at = clock.now()
    block = address_block(visitor.address)
    use, asked_before = CODE_TRIES.of(block), ADDRESS.of(block)
    async with writing(shop.engine) as session:
        taken = await rate_limits.take(session, shop.vault, [use], at)
    if taken.is_refused:
        async with writing(shop.engine) as session:
            await log_in.record(session, shop, visitor, who, None, "refused", at)
        shop.gate.remember_refusal(visitor, who.subject, "code", taken.retry_after_seconds)
        raise TooManyTriesError(retry_after_seconds=taken.retry_after_seconds)
    async with writing(shop.engine) as session:
        spent = await codes.spend(session, shop.vault, "log_in", who, flow, code, at, again_within=again_within)
        found = await entry_queries.by_identifier(session, shop.vault, who) if spent else None
        opened = None
        if found is not None:
            await entry_queries.confirm(session, found.id, who, at)
            sent = await sending_uses(session, shop, visitor, "log_in", who, at)
            opened = await log_in.welcome(session, shop, visitor, who, found.id, "code", [use, asked_before, *sent])
        else:
            await log_in.record(session, shop, visitor, who, None, "wrong", at)
    if opened is None:
        raise WrongCodeError
    return opened
