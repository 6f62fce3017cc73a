"""SQL of identity checks: what stands, what is to be asked again, what is to be forgotten."""

from datetime import datetime

from sqlalchemy import text

from transactional.accounts.persons.models import IdentityCheck
from transactional.db import ReadSession, WriteSession

LATEST = text("""
select id from shop.identity_check where customer_id = :customer_id order by id desc limit 1
""")
VERIFIED = text("""
select exists (
    select from shop.identity_check where customer_id = :customer_id and state = 'verified' and is_adult
)
""")
TAKEN = text("""
select exists (
    select from shop.identity_check
    where number_index = :number_index and customer_id <> :customer_id
        and state in ('verified', 'submitted', 'processing', 'unknown')
        and not exists (select from shop.customer where id = customer_id and erased_at is not null)
)
""")
LOCK_NUMBER = text("select pg_advisory_xact_lock(hashtextextended(encode(:number_index, 'hex'), 20261122))")
# Asked 30 s after the last call, then twice as long each time, at most every hour.
DUE = text("""
select check_.id from shop.identity_check as check_
cross join lateral (
    select count(*) as calls, max(call.started_at) as last_at from shop.external_call as call
    where call.reference = 'identity:' || check_.public_id
) as asked
where check_.state in ('submitted', 'processing', 'unknown') and check_.provider = :provider
    and coalesce(asked.last_at, check_.asked_at)
        + least(interval '30 seconds' * power(2, least(asked.calls, 12)), interval '1 hour') <= :at
order by check_.id limit :at_once
""")
EXPIRED = text("""
update shop.identity_check
set sealed = null, data_key_id = null, purged_at = coalesce(purged_at, :at),
    number_index = case when state = 'verified' and purged_at is null then number_index else '' end
where id in (
    select check_.id from shop.identity_check as check_
    where check_.keep_until <= :at and (
        check_.purged_at is null and check_.state in ('verified', 'refused')
        or check_.number_index <> '' and exists (
            select from shop.customer where customer.id = check_.customer_id and erased_at is not null
        )
    )
    order by check_.id limit :at_once for update skip locked
)
returning id
""")
# Who asked to be kept out of draws, or to be held to limits, and is erased, is known again by the keyed hash of their
# number alone, until the pause is over and for a month of limits: opening another account is no way round.
FORGET = text("""
with play as (
    select greatest(
        (select max(until) from shop.play_pause where customer_id = :customer_id and until > :at),
        (
            select cast(:at as timestamptz) + interval '30 days' from shop.play_limit
            where customer_id = :customer_id and amount_fen is not null limit 1
        )
    ) as until
)
update shop.identity_check as check_
set sealed = null, data_key_id = null, purged_at = coalesce(purged_at, :at),
    state = case when state in ('submitted', 'processing', 'unknown') then 'refused' else state end,
    reason = case when state in ('submitted', 'processing', 'unknown') then 'withdrawn' else reason end,
    decided_at = coalesce(decided_at, :at),
    keep_until = case when :number_too and state = 'verified' then coalesce(play.until, keep_until) else keep_until end,
    number_index = case
        when :number_too and (state <> 'verified' or play.until is null) then '' else number_index
    end
from play
where customer_id = :customer_id and (purged_at is null or :number_too)
""")
TURNS = text("select from shop.customer where id = :customer_id for no key update")
AT_ONCE = 100


async def take_turns(session: WriteSession, customer_id: int) -> None:
    """Two tabs of one customer ask one after the other."""
    await session.execute(TURNS, {"customer_id": customer_id})


async def latest(session: ReadSession, customer_id: int) -> IdentityCheck | None:
    """The last check that a customer asked for."""
    found: int | None = await session.scalar(LATEST, {"customer_id": customer_id})
    return await session.get(IdentityCheck, found, populate_existing=True) if found else None


async def is_verified_adult(session: ReadSession, customer_id: int) -> bool:
    return bool(await session.scalar(VERIFIED, {"customer_id": customer_id}))


async def is_anothers(session: WriteSession, number_index: bytes, customer_id: int) -> bool:
    """Whether another account was verified with this number, or may be; nobody else is told until the commit."""
    await session.execute(LOCK_NUMBER, {"number_index": number_index})
    values = {"number_index": number_index, "customer_id": customer_id}
    return bool(await session.scalar(TAKEN, values))


async def due(session: ReadSession, provider: str, at: datetime) -> list[int]:
    """Checks whose outcome is to be asked for, the oldest first."""
    return list(await session.scalars(DUE, {"provider": provider, "at": at, "at_once": AT_ONCE}))


async def purge(session: WriteSession, at: datetime) -> int:
    """Names and numbers that were kept long enough are gone; how many, some at a time."""
    return len((await session.execute(EXPIRED, {"at": at, "at_once": AT_ONCE})).all())


async def forget(session: WriteSession, customer_id: int, at: datetime, *, number_too: bool) -> None:
    """Everything that a customer ever gave; `number_too`: the number may verify another account again."""
    await session.execute(FORGET, {"customer_id": customer_id, "at": at, "number_too": number_too})
