"""How people tried to get in of late: by hour and outcome, and from which networks; never who they said they were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from transactional.db import ReadSession

OUTCOMES = ("succeeded", "code_needed", "wrong", "refused")
BY_HOUR = text("""
select date_trunc('hour', happened_at) as hour, kind, outcome, sum(times)::bigint as n
from shop.log_in_attempt where happened_at >= :since group by 1, 2, 3
""")
BY_NETWORK = text("""
select network, sum(times)::bigint as tries, count(distinct who_index) as accounts,
    coalesce(sum(times) filter (where outcome = 'succeeded'), 0)::bigint as succeeded,
    coalesce(sum(times) filter (where outcome in ('wrong', 'refused')), 0)::bigint as failed,
    max(happened_at) as last_at
from shop.log_in_attempt where happened_at >= :since
group by network having bool_or(outcome in ('wrong', 'refused'))
order by failed desc, network limit :limit
""")
WITHOUT_SECOND_FACTOR = text("""
select public_id, display_name, role from shop.staff
where disabled_at is null and totp_confirmed_at is null and password_hash <> '!' order by role, display_name limit 200
""")
OPEN_ATTACKS = text("""
select public_id, kind, subject, opened_at, detail from shop.review_case
where state = 'open' and kind in ('credential_stuffing', 'log_in_attack') order by opened_at desc limit 20
""")


@dataclass(frozen=True, slots=True)
class Hour:
    """Attempts of one hour, by outcome."""

    starts_at: datetime
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Network:
    """What came from one network (a /24, or a /48 of IPv6). `accounts` that were tried."""

    network: str
    tries: int
    accounts: int
    succeeded: int
    failed: int
    last_at: datetime


async def hours(session: ReadSession, since: datetime, kind: str) -> Sequence[Hour]:
    """Only hours in which somebody tried, newest first."""
    found: dict[datetime, dict[str, int]] = {}
    for row in await session.execute(BY_HOUR, {"since": since}):
        if row.kind == kind:
            found.setdefault(row.hour, dict.fromkeys(OUTCOMES, 0))[row.outcome] = row.n
    return [Hour(hour, counts) for hour, counts in sorted(found.items(), reverse=True)]


async def networks(session: ReadSession, since: datetime, limit: int) -> Sequence[Network]:
    """Those with most failures first."""
    return [Network(**row._mapping) for row in await session.execute(BY_NETWORK, {"since": since, "limit": limit})]
