"""A new password: by the old one, or by a code for somebody who forgot it. Every other log-in ends with it."""

from datetime import timedelta

from mingsuan import clock
from transactional.accounts import sessions
from transactional.accounts.entry import codes, passwords, rate_limits
from transactional.accounts.entry import queries as entry_queries
from transactional.accounts.entry.errors import TooManyTriesError, WrongCodeError
from transactional.accounts.entry.identifiers import Identifier
from transactional.accounts.entry.rate_limits import Use, address_block
from transactional.accounts.entry.rules import CODE_TRIES, PASSWORD_CHANGES
from transactional.accounts.rules import password_problems
from transactional.accounts.schemas import CustomerSubject
from transactional.accounts.sessions import Opened, Visitor
from transactional.db import WriteSession, reading, writing
from transactional.errors import FieldProblem, InvalidInputError
from transactional.notices import service as notices
from transactional.shop import Shop


async def change(shop: Shop, visitor: Visitor, customer: CustomerSubject, old: str, new: str) -> Opened:
    """Ends all log-ins and opens a fresh one for this browser. Without a password until now, `old` is not asked.

    Raises InvalidInputError naming the field, TooManyTriesError, CrowdedError.
    """
    _check(new, customer.email)
    use = PASSWORD_CHANGES.of(str(customer.id))
    await _take(shop, use)
    async with reading(shop.engine) as session:
        found = await entry_queries.by_id(session, customer.id)
    stored = found.password_hash if found else None
    async with shop.gate.queue.turn(0, f"customer {customer.id}"):
        if stored and not await passwords.matches(old, stored):
            raise InvalidInputError([FieldProblem("old_password", "This is not your present password.")])
        password_hash = await passwords.hashed(new)
    async with writing(shop.engine) as session:
        await rate_limits.give_back(session, shop.vault, [use])
        return await _changed(session, shop, visitor, customer.id, password_hash, "password")


async def reset(
    shop: Shop,
    visitor: Visitor,
    who: Identifier,
    flow: str,
    code: str,
    new: str,
    *,
    again_within: timedelta = timedelta(0),
) -> Opened:
    """A new password by a code; all log-ins end and all devices are forgotten, this browser is logged in.

    Raises InvalidInputError, WrongCodeError, TooManyTriesError, CrowdedError.
    """
    _check(new, who.value)
    async with shop.gate.turn(visitor, who.subject, "code"):
        return await _reset(shop, visitor, who, flow, code, new, again_within)


async def _reset(
    shop: Shop, visitor: Visitor, who: Identifier, flow: str, code: str, new: str, again_within: timedelta
) -> Opened:
    use = CODE_TRIES.of(address_block(visitor.address))
    await _take(shop, use)
    password_hash = await passwords.hashed(new)
    at, opened = clock.now(), None
    async with writing(shop.engine) as session:
        spent = await codes.spend(session, shop.vault, "reset_password", who, flow, code, at, again_within=again_within)
        found = await entry_queries.by_identifier(session, shop.vault, who) if spent else None
        if found is not None:
            await entry_queries.confirm(session, found.id, who, at)
            await sessions.forget_devices(session, found.id, at)
            await rate_limits.give_back(session, shop.vault, [use])
            opened = await _changed(session, shop, visitor, found.id, password_hash, "reset")
    if opened is None:
        raise WrongCodeError
    return opened


async def _changed(
    session: WriteSession, shop: Shop, visitor: Visitor, customer_id: int, password_hash: str, opened_by: str
) -> Opened:
    at = clock.now()
    await entry_queries.set_password(session, customer_id, password_hash, at)
    await sessions.end_all(session, customer_id, at)
    await notices.tell(session, customer_id, "password_changed", f"password:{at:%Y-%m-%dT%H:%M:%S}Z")
    return await sessions.open_session(
        session, customer_id, visitor, shop.settings.session_days, opened_by, is_new=True
    )


async def _take(shop: Shop, use: Use) -> None:
    async with writing(shop.engine) as session:
        taken = await rate_limits.take(session, shop.vault, [use], clock.now())
    if taken.is_refused:
        raise TooManyTriesError(retry_after_seconds=taken.retry_after_seconds)


def _check(new: str, own: str) -> None:
    problems = tuple(
        FieldProblem("new_password", problem.reason, problem.values) for problem in password_problems(new, own)
    )
    if problems:
        raise InvalidInputError(problems)
