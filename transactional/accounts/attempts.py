"""Every attempt to get in, remembered without saying whose or from where, and what can be seen of an attack.

Staff's log-in records its attempts here too. Counting in one process is cheap; the database is asked only now and then.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import text

from transactional import metrics
from transactional.accounts import personal
from transactional.accounts.entry_models import LogInAttempt
from transactional.accounts.entry_rules import WRONG_A_MINUTE
from transactional.accounts.rate_limits import address_block, network_of
from transactional.backoffice import service as backoffice
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession

Outcome = Literal["succeeded", "wrong", "refused", "code_needed"]
Kind = Literal["customer", "staff"]
CASE = "credential_stuffing"
ASK_EVERY = 20
"""Wrong tries seen by one process between two questions to the database."""

LAST_MINUTE = text("""
select count(*) as wrong, count(distinct address_index) as addresses, count(distinct who_index) as identifiers
from shop.log_in_attempt where happened_at > :since and outcome <> 'succeeded'
""")
BY_HOUR = text("""
select date_trunc('hour', happened_at) as hour, kind,
    count(*) filter (where outcome = 'succeeded') as succeeded, count(*) filter (where outcome = 'wrong') as wrong,
    count(*) filter (where outcome = 'refused') as refused,
    count(*) filter (where outcome = 'code_needed') as code_needed,
    count(distinct address_index) as addresses, count(distinct who_index) as identifiers
from shop.log_in_attempt where happened_at > :since group by 1, 2 order by 1 desc, 2
""")
BY_NETWORK = text("""
select network, count(*) filter (where outcome <> 'succeeded') as failed,
    count(*) filter (where outcome = 'succeeded') as succeeded, count(distinct address_index) as addresses,
    count(distinct who_index) as identifiers, max(happened_at) as last_at
from shop.log_in_attempt where happened_at > :since group by network order by failed desc, network limit :limit
""")
IN_USE = text("""
select count(*) as in_use, count(*) filter (where free_at > :at + interval '1 hour') as for_long
from shop.rate_limit where free_at > :at
""")


@dataclass(slots=True)
class Watch:
    """Wrong tries that this process saw since it last asked the database how many there were in all."""

    seen: int = 0
    told_in: datetime | None = field(default=None)

    def is_due(self) -> bool:
        self.seen += 1
        return self.seen % ASK_EVERY == 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who tried from where; hashed when it is written down."""

    kind: Kind
    who: str
    address: str
    customer_id: int | None = None
    staff_id: int | None = None


@dataclass(frozen=True, slots=True)
class HourView:
    hour: datetime
    kind: Kind
    succeeded: int
    wrong: int
    refused: int
    code_needed: int
    addresses: int
    identifiers: int


@dataclass(frozen=True, slots=True)
class NetworkView:
    """A network is /24 of IPv4 or /48 of IPv6."""

    network: str
    failed: int
    succeeded: int
    addresses: int
    identifiers: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class AllowanceUse:
    """Allowances that are not whole at the moment, and those that will not be within an hour."""

    in_use: int
    for_long: int


async def record(
    session: WriteSession, vault: Vault, watch: Watch, attempt: Attempt, outcome: Outcome, at: datetime
) -> None:
    """One row and one count. When the last minute was an attack, a case is opened, once an hour."""
    row = LogInAttempt(
        kind=attempt.kind,
        who_index=personal.index(vault, "log-in", attempt.who.lower()),
        address_index=personal.index(vault, "log-in-address", address_block(attempt.address)),
        network=network_of(attempt.address),
        outcome=outcome,
        customer_id=attempt.customer_id,
        staff_id=attempt.staff_id,
        happened_at=at,
    )
    session.add(row)
    await session.flush()
    metrics.log_in_attempted(attempt.kind, outcome)
    if outcome != "succeeded" and watch.is_due():
        await _warn(session, watch, at)


async def by_hour(session: ReadSession, since: datetime) -> tuple[HourView, ...]:
    """Newest hour first (UTC hours); hours without any attempt are left out."""
    return tuple(HourView(**row._mapping) for row in await session.execute(BY_HOUR, {"since": since}))


async def by_network(session: ReadSession, since: datetime, limit: int = 20) -> tuple[NetworkView, ...]:
    """Networks with the most failed attempts first."""
    return tuple(
        NetworkView(**row._mapping) for row in await session.execute(BY_NETWORK, {"since": since, "limit": limit})
    )


async def allowances_in_use(session: ReadSession, at: datetime) -> AllowanceUse:
    return AllowanceUse(**(await session.execute(IN_USE, {"at": at})).one()._mapping)


async def _warn(session: WriteSession, watch: Watch, at: datetime) -> None:
    hour = at.replace(minute=0, second=0, microsecond=0)
    if watch.told_in == hour:
        return
    row = (await session.execute(LAST_MINUTE, {"since": at - timedelta(minutes=1)})).one()
    if row.wrong >= WRONG_A_MINUTE:
        detail = {"in_a_minute": row.wrong, "addresses": row.addresses, "identifiers": row.identifiers}
        await backoffice.open_case(session, CASE, f"hour:{hour:%Y-%m-%dT%H}Z", detail=detail)
        watch.told_in = hour
