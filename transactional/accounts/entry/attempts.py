"""Every attempt to get in, remembered without saying whose or from where, and what can be seen of an attack.

Staff's log-in records its attempts here too. What is seen at the desk is asked in `backoffice.security_queries`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import text

from transactional import metrics
from transactional.accounts.entry.models import LogInAttempt
from transactional.accounts.entry.rate_limits import address_block, network_of
from transactional.accounts.entry.rules import WRONG_A_MINUTE
from transactional.accounts.persons import personal
from transactional.backoffice import service as backoffice
from transactional.cards.vault import Vault
from transactional.db import WriteSession

Outcome = Literal["succeeded", "wrong", "refused", "code_needed"]
Kind = Literal["customer", "staff"]
CASE = "credential_stuffing"
ASK_EVERY = 20
"""Wrong tries seen by one process between two questions to the database, at the least."""

LAST_MINUTE = text("""
select coalesce(sum(times), 0)::bigint as wrong, count(distinct address_index) as addresses,
    count(distinct who_index) as identifiers
from shop.log_in_attempt where happened_at > :since and outcome <> 'succeeded'
""")
ADD_REFUSED = text("""
insert into shop.log_in_attempt (kind, who_index, address_index, network, outcome, times, happened_at)
select kind, who_index, address_index, network, 'refused', times, :at
from unnest(cast(:kinds as text[]), cast(:whos as bytea[]), cast(:addresses as bytea[]), cast(:networks as text[]),
    cast(:times as bigint[])) as refused (kind, who_index, address_index, network, times)
""")


@dataclass(slots=True)
class Watch:
    """Wrong tries that this process saw; now and then it asks the database how many there were in all."""

    seen: int = 0
    told_in: datetime | None = field(default=None)

    def is_due(self, more: int = 1) -> bool:
        before, self.seen = self.seen, self.seen + more
        return before // ASK_EVERY != self.seen // ASK_EVERY


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who tried from where; hashed when it is written down."""

    kind: Kind
    who: str
    address: str
    customer_id: int | None = None
    staff_id: int | None = None


async def record(
    session: WriteSession, vault: Vault, watch: Watch, attempt: Attempt, outcome: Outcome, at: datetime
) -> None:
    """One row and one count. When the last minute was an attack, a case is opened, once an hour."""
    row = LogInAttempt(
        kind=attempt.kind,
        who_index=_who_index(vault, attempt),
        address_index=_address_index(vault, attempt),
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


async def record_refused(
    session: WriteSession, vault: Vault, watch: Watch, refused: Mapping[Attempt, int], at: datetime
) -> None:
    """So many refusals of each, in one statement: one row for all of one who from one address."""
    values = {
        "kinds": [attempt.kind for attempt in refused],
        "whos": [_who_index(vault, attempt) for attempt in refused],
        "addresses": [_address_index(vault, attempt) for attempt in refused],
        "networks": [network_of(attempt.address) for attempt in refused],
        "times": list(refused.values()),
        "at": at,
    }
    await session.execute(ADD_REFUSED, values)
    if watch.is_due(sum(refused.values())):
        await _warn(session, watch, at)


def _who_index(vault: Vault, attempt: Attempt) -> bytes:
    return personal.index(vault, "log-in", attempt.who.lower())


def _address_index(vault: Vault, attempt: Attempt) -> bytes:
    return personal.index(vault, "log-in-address", address_block(attempt.address))


async def _warn(session: WriteSession, watch: Watch, at: datetime) -> None:
    hour = at.replace(minute=0, second=0, microsecond=0)
    if watch.told_in == hour:
        return
    row = (await session.execute(LAST_MINUTE, {"since": at - timedelta(minutes=1)})).one()
    if row.wrong >= WRONG_A_MINUTE:
        detail = {"in_a_minute": row.wrong, "addresses": row.addresses, "identifiers": row.identifiers}
        await backoffice.open_case(session, CASE, f"hour:{hour:%Y-%m-%dT%H}Z", detail=detail)
        watch.told_in = hour
