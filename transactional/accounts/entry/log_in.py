"""Logging in by password: the gate first, then the allowances, then the hash.

These take the shop, not a session: an attempt is recorded whether or not it succeeds, and no connection waits for a
hash. Nothing that is answered tells whether anybody has the identifier.
"""

from dataclasses import dataclass
from datetime import datetime

from mingsuan import clock
from transactional.accounts import sessions
from transactional.accounts.entry import attempts, passwords, rate_limits
from transactional.accounts.entry import queries as entry_queries
from transactional.accounts.entry.attempts import Attempt, Outcome
from transactional.accounts.entry.errors import CodeNeededError, TooManyTriesError
from transactional.accounts.entry.identifiers import Identifier
from transactional.accounts.entry.rate_limits import Use, address_block
from transactional.accounts.entry.rules import ADDRESS, DEVICE, GOOD_FOR, HOME, IDENTIFIER
from transactional.accounts.sessions import Opened, Visitor
from transactional.db import ReadSession, WriteSession, writing
from transactional.errors import ShopError, WrongCredentialsError
from transactional.shop import Shop


@dataclass(frozen=True, slots=True)
class Admitted:
    """A password that may be checked: whose hash it is compared with, what was used up."""

    found: entry_queries.Found | None
    uses: tuple[Use, ...]


async def by_password(shop: Shop, visitor: Visitor, who: Identifier, password: str) -> Opened:
    """Raises WrongCredentialsError, CodeNeededError, TooManyTriesError, CrowdedError: each for anybody, alike."""
    async with shop.gate.turn(visitor, who.subject):
        admitted = await _admitted(shop, visitor, who, clock.now())
        stored = admitted.found.password_hash if admitted.found else None
        fits = await passwords.matches(password, stored)
        newer = await passwords.hashed(password) if fits and stored and passwords.is_outdated(stored) else None
        if not fits or admitted.found is None:
            async with writing(shop.engine) as session:
                await record(session, shop, visitor, who, admitted.found, "wrong", clock.now())
            raise WrongCredentialsError
        return await _opened(shop, visitor, who, admitted, newer)


async def welcome(
    session: WriteSession,
    shop: Shop,
    visitor: Visitor,
    who: Identifier,
    customer_id: int,
    opened_by: str,
    uses: list[Use],
    *,
    is_new: bool = False,
) -> Opened:
    """Opens the session of somebody who proved who they are; what the attempt used up is given back."""
    at = clock.now()
    block = address_block(visitor.address)
    await rate_limits.give_back(session, shop.vault, uses)
    await rate_limits.remember(session, shop.vault, HOME.of(f"{who.subject}\0{block}"), at + GOOD_FOR)
    opened = await sessions.open_session(
        session, customer_id, visitor, shop.settings.session_days, opened_by, is_new=is_new
    )
    found = entry_queries.Found(customer_id, None)
    await record(session, shop, visitor, who, found, "succeeded", at)
    shop.gate.remember_success(visitor, who.subject)
    return opened


async def is_home(session: ReadSession, shop: Shop, who: Identifier, address: str, at: datetime) -> bool:
    """Whether the one who has this identifier logged in from that address lately."""
    use = HOME.of(f"{who.subject}\0{address_block(address)}")
    return (await rate_limits.used(session, shop.vault, [use], at))[HOME.scope] > 0


async def _admitted(shop: Shop, visitor: Visitor, who: Identifier, at: datetime) -> Admitted:
    refusal: ShopError
    async with writing(shop.engine) as session:
        found = await entry_queries.by_identifier(session, shop.vault, who)
        known = await sessions.known_device(session, found.id if found else None, visitor.device_token)
        if known is not None:
            use = DEVICE.of(str(known))
            if not (await rate_limits.take(session, shop.vault, [use], at)).is_refused:
                return Admitted(found, (use,))
        by_address, by_identifier = ADDRESS.of(address_block(visitor.address)), IDENTIFIER.of(who.subject)
        taken = await rate_limits.take(session, shop.vault, [by_address], at)
        if taken.is_refused:
            refusal = TooManyTriesError(retry_after_seconds=taken.retry_after_seconds)
            await record(session, shop, visitor, who, found, "refused", at)
            shop.gate.remember_refusal(visitor, who.subject, "password", taken.retry_after_seconds)
        elif (await rate_limits.take(session, shop.vault, [by_identifier], at)).is_refused:
            refusal = CodeNeededError()
            await record(session, shop, visitor, who, found, "code_needed", at)
        else:
            return Admitted(found, (by_address, by_identifier))
    raise refusal


async def _opened(shop: Shop, visitor: Visitor, who: Identifier, admitted: Admitted, newer: str | None) -> Opened:
    assert admitted.found is not None  # noqa: S101  (a password fitted)
    async with writing(shop.engine) as session:
        if newer:
            await entry_queries.set_password(session, admitted.found.id, newer, None)
        return await welcome(session, shop, visitor, who, admitted.found.id, "password", list(admitted.uses))


async def record(
    session: WriteSession,
    shop: Shop,
    visitor: Visitor,
    who: Identifier,
    found: entry_queries.Found | None,
    outcome: Outcome,
    at: datetime,
) -> None:
    attempt = Attempt("customer", who.subject, visitor.address, customer_id=found.id if found else None)
    await attempts.record(session, shop.vault, shop.wrong_log_ins, attempt, outcome, at)
