"""Allowances that hold across processes: so many acts a period for one subject (an address, an identifier, a target).

GCRA (ITU-T I.371; RFC 4594's token bucket as one instant): one row an allowance, taken by one upsert. The table keeps
keyed hashes only. What an exhausted allowance means is decided by who takes it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import text

from transactional.accounts.persons import personal
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession

TAKE = text("""
with wanted as (
    select * from unnest(cast(:keys as bytea[]), cast(:steps as interval[]), cast(:rooms as interval[]))
        as wanted (key, step, room)
), refused as (
    select from wanted join shop.rate_limit as held using (key)
    where greatest(held.free_at, cast(:at as timestamptz)) + wanted.step > cast(:at as timestamptz) + wanted.room
)
insert into shop.rate_limit as held (key, free_at)
select key, cast(:at as timestamptz) + step from wanted where not exists (select from refused) order by key
on conflict (key) do update
set free_at = greatest(held.free_at, cast(:at as timestamptz)) + (select step from wanted where key = held.key)
where greatest(held.free_at, cast(:at as timestamptz)) + (select step from wanted where key = held.key)
    <= cast(:at as timestamptz) + (select room from wanted where key = held.key)
returning held.key, held.free_at
""")
HELD = text("select key, free_at from shop.rate_limit where key = any(cast(:keys as bytea[]))")
GIVE_BACK = text("""
update shop.rate_limit as held set free_at = held.free_at - given.step
from (
    select wanted.* from unnest(cast(:keys as bytea[]), cast(:steps as interval[])) as wanted (key, step)
    join shop.rate_limit as locked using (key) order by key for update of locked
) as given
where held.key = given.key
""")
REMEMBER = text("""
insert into shop.rate_limit as held (key, free_at) values (:key, :until)
on conflict (key) do update set free_at = excluded.free_at where held.free_at < excluded.free_at
""")
FORGET = text("""
delete from shop.rate_limit where key in (
    select key from shop.rate_limit where free_at < :before limit :at_once for update skip locked
)
""")
AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """`count` acts a `period` in the long run, of which `burst` may come at once."""

    scope: str
    count: int
    period: timedelta
    burst: int

    def of(self, subject: str) -> "Use":
        return Use(self, subject)

    @property
    def step(self) -> timedelta:
        """What one act uses up."""
        return self.period / self.count


@dataclass(frozen=True, slots=True)
class Use:
    """One act of a subject under an allowance. The subject is personal: it is hashed and never shown."""

    allowance: Allowance
    subject: str

    def key(self, vault: Vault) -> bytes:
        return personal.index(vault, f"rate/{self.allowance.scope}", self.subject)

    def used(self, free_at: datetime, at: datetime) -> int:
        """How many acts are used up at an instant, this one included when it was taken."""
        return max(0, math.ceil((free_at - at) / self.allowance.step))

    def wait(self, free_at: datetime, at: datetime) -> timedelta:
        """Until one more act is allowed."""
        room = self.allowance.step * self.allowance.burst
        return max(timedelta(0), max(free_at, at) + self.allowance.step - room - at)


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a take: `used` acts by scope, `wait` when it was refused (then nothing was used up)."""

    used: dict[str, int]
    wait: timedelta

    @property
    def is_refused(self) -> bool:
        return self.wait > timedelta(0)

    @property
    def retry_after_seconds(self) -> int:
        return max(1, math.ceil(self.wait.total_seconds()))


async def take(session: WriteSession, vault: Vault, uses: Sequence[Use], at: datetime) -> Taken:
    """All of them or none. The rows stay locked to the end of the transaction: keep it short, and commit it.

    Two at once cannot both take the last one: the upsert looks again at the row that it waited for.
    """
    keys = {use.key(vault): use for use in uses}
    values = {
        "keys": list(keys),
        "steps": [use.allowance.step for use in keys.values()],
        "rooms": [use.allowance.step * use.allowance.burst for use in keys.values()],
        "at": at,
    }
    taken = {bytes(row.key): row.free_at for row in await session.execute(TAKE, values)}
    if len(taken) == len(keys):
        return Taken(_used(keys, taken, at), timedelta(0))
    await give_back(session, vault, [keys[key] for key in taken])
    held = {bytes(row.key): row.free_at for row in await session.execute(HELD, {"keys": list(keys)})}
    waits = [use.wait(held[key], at) for key, use in keys.items() if key in held]
    return Taken(_used(keys, held, at), max([*waits, timedelta(seconds=1)]))


async def give_back(session: WriteSession, vault: Vault, uses: Sequence[Use]) -> None:
    """Undoes as many takes: what turned out to be rightful does not count."""
    if uses:
        values = {"keys": [use.key(vault) for use in uses], "steps": [use.allowance.step for use in uses]}
        await session.execute(GIVE_BACK, values)


async def used(session: ReadSession, vault: Vault, uses: Sequence[Use], at: datetime) -> dict[str, int]:
    """How many acts are used up, by scope, without taking one."""
    keys = {use.key(vault): use for use in uses}
    held = {bytes(row.key): row.free_at for row in await session.execute(HELD, {"keys": list(keys)})}
    return _used(keys, held, at)


async def remember(session: WriteSession, vault: Vault, use: Use, until: datetime) -> None:
    """The allowance counts as used up until an instant, such as for "a log-in from here succeeded lately"."""
    await session.execute(REMEMBER, {"key": use.key(vault), "until": until})


async def forget_whole(session: WriteSession, before: datetime) -> int:
    """Takes away up to AT_ONCE allowances that have been whole again since before an instant; how many."""
    done = await session.execute(FORGET, {"before": before, "at_once": AT_ONCE})
    return int(getattr(done, "rowcount", 0))


def address_block(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber has (RFC 6177)."""
    return _block(address, 32, 64)


def network_of(address: str) -> str:
    """The address cut so that it names no single line: /24 of IPv4, /48 of IPv6. For people to see."""
    return _block(address, 24, 48)


def _block(address: str, bits_4: int, bits_6: int) -> str:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    bits = bits_4 if parsed.version == 4 else bits_6
    return str(ip_network(f"{parsed}/{bits}", strict=False))


def _used(keys: dict[bytes, Use], free_at: dict[bytes, datetime], at: datetime) -> dict[str, int]:
    return {use.allowance.scope: use.used(free_at[key], at) if key in free_at else 0 for key, use in keys.items()}
