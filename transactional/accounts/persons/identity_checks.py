"""Having a name and an identity number checked: sealed, sent to the provider at most once, decided once.

Without a provider every request is a case for staff; one whose outcome stays unknown becomes one. One identity verifies
one account at most.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select

from mingsuan import clock
from transactional import calls
from transactional.accounts.entry import rate_limits
from transactional.accounts.entry.errors import TooManyTriesError
from transactional.accounts.persons import consents, identity_queries, personal
from transactional.accounts.persons.errors import IdentityTakenError
from transactional.accounts.persons.identity import OPEN, PLACE
from transactional.accounts.persons.identity_provider import MANUAL, Verdict
from transactional.accounts.persons.identity_rules import Person, read
from transactional.accounts.persons.models import IdentityCheck
from transactional.accounts.service import record_act
from transactional.backoffice import service as backoffice
from transactional.compliance import profile
from transactional.db import WriteSession, reading, writing
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError
from transactional.idempotency import CommandKey, first_time
from transactional.shop import Shop

CASE = "identity_check"
TRIES = rate_limits.Allowance("identity", count=5, period=timedelta(days=1), burst=5)
UNKNOWN_TOO_LONG = timedelta(days=1)
NOT_AGREED = FieldProblem("agreed", "Please agree to the check first.")


@dataclass(frozen=True, slots=True)
class _Begun:
    """A check that was written down, and the call that is about to be made for it; none for staff's own review."""

    check_id: int
    public_id: UUID
    call_id: int | None


async def ask(shop: Shop, customer_id: int, name: str, number: str, key: str, language: str) -> None:
    """Has somebody checked; with the same key again, while a check is open or once one ended well, nothing happens.

    Takes the shop, not a session: the request is recorded before it goes out, and its outcome after. Asking is the
    separate consent. Raises InvalidInputError, TooManyTriesError, IdentityTakenError, IdempotencyKeyReusedError.
    """
    person = read(name, number, clock.now().astimezone(shop.zone).date())
    if isinstance(person, list):
        raise InvalidInputError(person)
    async with writing(shop.engine) as session:
        begun = await _begin(session, shop, customer_id, person, key, language)
    if begun == "taken":
        raise IdentityTakenError
    if isinstance(begun, _Begun) and begun.call_id is not None:
        answer = await calls.attempt(lambda: shop.identity.submit(str(begun.public_id), person))
        await _ended(shop, begun.check_id, begun.call_id, answer)


async def ask_due(shop: Shop) -> int:
    """Asks the provider for outcomes that are open, less and less often; nothing is ever submitted again."""
    at = clock.now()
    async with reading(shop.engine) as session:
        waiting = await identity_queries.due(session, shop.identity.name, at) if shop.identity.name != MANUAL else []
        names = [await session.get_one(IdentityCheck, check_id) for check_id in waiting]
    for check in names:
        await _ask_again(shop, check.id, check.public_id)
    async with writing(shop.engine) as session:
        await _open_cases(session, clock.now() - UNKNOWN_TOO_LONG)
    return len(names)


async def decide(session: WriteSession, shop: Shop, check: UUID, staff_id: int, *, verified: bool) -> None:
    """What staff found out about an open check; decided twice the same, it is once. Raises NotFoundError."""
    row = await session.scalar(select(IdentityCheck).where(IdentityCheck.public_id == check).with_for_update())
    if row is None:
        raise NotFoundError
    if row.state not in OPEN:
        return
    verdict = Verdict("verified") if verified else Verdict("refused", "mismatch")
    await _apply(session, shop, row, verdict)
    await record_act(session, staff_id, "decide_identity", f"identity:{check}", detail={"state": row.state})


async def _begin(
    session: WriteSession, shop: Shop, customer_id: int, person: Person, key: str, language: str
) -> _Begun | Literal["nothing", "taken"]:
    """What was begun, unless there is nothing to do, or the identity is another's (and a try used up)."""
    number_index = personal.index(shop.vault, "identity-number", person.number)
    asked = personal.index(shop.vault, "identity-request", f"{person.name}\0{person.number}").hex()
    if not await first_time(session, CommandKey(f"customer:{customer_id}", key, f"identity {asked}")):
        return "nothing"
    await identity_queries.take_turns(session, customer_id)
    standing = await identity_queries.latest(session, customer_id)
    if standing is not None and (standing.state in OPEN or standing.state == "verified"):
        return "nothing"
    taken = await rate_limits.take(session, shop.vault, [TRIES.of(f"customer:{customer_id}")], clock.now())
    if taken.is_refused:
        raise TooManyTriesError(retry_after_seconds=taken.retry_after_seconds)
    if await identity_queries.is_anothers(session, number_index, customer_id):
        return "taken"
    await consents.give(session, customer_id, ["identity"], language)
    return await _written(session, shop, customer_id, person, number_index)


async def _written(session: WriteSession, shop: Shop, customer_id: int, person: Person, number_index: bytes) -> _Begun:
    at, terms = clock.now(), profile(shop.settings.compliance)
    values = {"name": person.name, "number": person.number}
    sealed = await personal.seal(session, shop.vault, customer_id, PLACE, values)
    is_manual = shop.identity.name == MANUAL
    check = IdentityCheck(
        customer_id=customer_id,
        provider=shop.identity.name,
        state="processing" if is_manual else "submitted",
        data_key_id=sealed.data_key_id,
        sealed=sealed.content,
        number_index=number_index,
        is_adult=person.age(at.astimezone(shop.zone).date()) >= terms.minimum_age,
        asked_at=at,
        keep_until=at + timedelta(days=terms.identity_kept_days),
    )
    session.add(check)
    await session.flush()
    if is_manual:
        await backoffice.open_case(session, CASE, f"identity:{check.public_id}")
        return _Begun(check.id, check.public_id, None)
    call_id = await calls.begin(session, shop.identity.name, "submit", f"identity:{check.public_id}")
    return _Begun(check.id, check.public_id, call_id)


async def _ask_again(shop: Shop, check_id: int, public_id: UUID) -> None:
    async with writing(shop.engine) as session:
        call_id = await calls.begin(session, shop.identity.name, "query", f"identity:{public_id}")
    answer = await calls.attempt(lambda: shop.identity.query(str(public_id)))
    await _ended(shop, check_id, call_id, answer)


async def _ended(shop: Shop, check_id: int, call_id: int, answer: calls.Answer[Verdict]) -> None:
    async with writing(shop.engine) as session:
        await calls.end(session, call_id, answer)
        row = await session.get_one(IdentityCheck, check_id, with_for_update=True)
        if row.state in OPEN:
            await _apply(session, shop, row, answer.value)


async def _apply(session: WriteSession, shop: Shop, row: IdentityCheck, verdict: Verdict | None) -> None:
    """An open check moves on. Nothing, or a provider that does not know it, leaves the outcome unknown."""
    if verdict is None or verdict.outcome == "not_found":
        row.state = "unknown"
    elif verdict.outcome == "processing":
        row.state, row.provider_ref = "processing", verdict.provider_ref
    else:
        at = clock.now()
        row.state, row.reason = verdict.outcome, verdict.reason
        row.provider_ref = verdict.provider_ref or row.provider_ref
        if row.state == "verified" and await identity_queries.is_anothers(session, row.number_index, row.customer_id):
            row.state, row.reason = "refused", "taken"
        row.decided_at = at
        row.keep_until = at + timedelta(days=profile(shop.settings.compliance).identity_kept_days)
        await backoffice.resolve_subject(session, CASE, f"identity:{row.public_id}", row.state)
    await session.flush()


async def _open_cases(session: WriteSession, before: datetime) -> None:
    """What no provider has told for long is for people to find out."""
    stale = select(IdentityCheck.public_id).where(IdentityCheck.state.in_(OPEN), IdentityCheck.asked_at < before)
    for public_id in list(await session.scalars(stale)):
        await backoffice.open_case(session, CASE, f"identity:{public_id}")
