"""Bringing a channel's offers up to date by asking it: on schedule and on request. What it says is judged in `offers`.

The supplier is called between two transactions: a claim before, what was learnt after. A pull that was cut off is
repeated when its claim has run out; nothing that it learns is counted twice.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from transactional import calls
from transactional.alerts.service import end_alert, raise_alert
from transactional.calls import Answer
from transactional.cards.vault import Vault
from transactional.db import WriteSession, reading, writing
from transactional.jobs import defer
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.channels.forms import WITHOUT_SUPPLIER
from transactional.suppliers.channels.keeping import OpenChannel
from transactional.suppliers.models import Offer, SupplyChannel
from transactional.suppliers.money import balances
from transactional.suppliers.offers import observing as offers
from transactional.suppliers.offers import rate_watch
from transactional.suppliers.offers.sync_rules import ALERT_FROM, is_suspicious, next_in_s
from transactional.suppliers.protocols.configured import ConfigurationError
from transactional.suppliers.protocols.interface import BalanceFact, OfferFact

PULL = "suppliers.pull"
PULL_S = 60
"""A pull may take so long in all; each request of it has the channel's own patience."""
CLAIM_S = 3 * PULL_S
UNREACHABLE = "channel_unreachable"
CLAIM = text("""
update shop.supply_channel set pull_at = cast(:at as timestamptz) + make_interval(secs => :claim_s)
where id = :channel_id and state <> 'ended' and protocol <> all(cast(:without as text[]))
    and (:asked or (state = 'active' and pull_at <= :at))
returning id
""")
DUE = text("select id from shop.supply_channel where state = 'active' and pull_at <= :at order by pull_at")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull brought: how many offers were asked about and changed, or why there was no answer."""

    channel_id: int
    asked: int
    changed: int
    problem: str = ""


async def pull(engine: AsyncEngine, vault: Vault, channel_id: int, *, asked: bool = False) -> Pulled | None:
    """Asks a channel about all its offers and the balance, if that is due, or `asked` for by staff.

    None when it is not due, not active, or has nobody to ask.
    """
    at = clock.now()
    async with writing(engine) as session:
        values = {"channel_id": channel_id, "at": at, "claim_s": CLAIM_S, "asked": asked}
        if await session.scalar(CLAIM, {**values, "without": list(WITHOUT_SUPPLIER)}) is None:
            return None
        rows = (await session.scalars(select(Offer).where(Offer.channel_id == channel_id))).all()
    said, money = await _asked(engine, vault, channel_id, sorted({row.supplier_sku for row in rows}))
    async with writing(engine) as session:
        channel = await session.get_one(SupplyChannel, channel_id, with_for_update={"key_share": True})
        if said.value is None:
            return await _failed(session, channel, len(rows), said.reason or said.code)
        if is_suspicious(len(rows), len(said.value)):
            return await _failed(session, channel, len(rows), "an answer without any of our goods")
        if money and channel.supplier_id is not None:
            await balances.said(session, channel.supplier_id, money.amount, at)
        return await _done(session, channel, rows, said.value, at)


async def due(engine: AsyncEngine) -> list[int]:
    """Channels whose pull is due; each is deferred by its own job."""
    async with reading(engine) as session:
        return list(await session.scalars(DUE, {"at": clock.now()}))


async def soon(session: WriteSession, channel_id: int, at: datetime | None = None) -> None:
    """A pull by the worker, from now or `at` on."""
    await defer(session, PULL, {"channel_id": channel_id}, at=at, lock=f"{PULL}:{channel_id}")


async def goods(
    engine: AsyncEngine, vault: Vault, channel_id: UUID, names: Sequence[str] | None = None
) -> Answer[tuple[OfferFact, ...]]:
    """All that a supplier offers now, or what is named, as it says; nothing is kept.

    Raises NotFoundError, ChannelWithoutProtocolError, ConfigurationError.
    """
    async with reading(engine) as session:
        row = await channels.by_public_id(session, channel_id)
    async with channels.opening(engine, vault, row.id) as opened:
        return await _call(engine, opened, "offers", lambda: opened.supply.offers(names))


async def _asked(
    engine: AsyncEngine, vault: Vault, channel_id: int, names: Sequence[str]
) -> tuple[Answer[tuple[OfferFact, ...]], BalanceFact | None]:
    try:
        async with channels.opening(engine, vault, channel_id) as opened:
            said: Answer[tuple[OfferFact, ...]] = Answer("succeeded", ())
            if names:
                said = await _call(engine, opened, "offers", lambda: opened.supply.offers(names))
            if said.value is None:
                return said, None
            balance = await _call(engine, opened, "balance", opened.supply.balance)
            return said, balance.value
    except ConfigurationError as error:
        return Answer("refused", None, "", str(error)), None


async def _call(
    engine: AsyncEngine, opened: OpenChannel, operation: str, work: Callable[[], Awaitable[Result]]
) -> Answer[Result]:
    target, reference = f"supplier:{opened.channel.code}", str(opened.channel.public_id)
    async with writing(engine) as session:
        call_id = await calls.begin(session, target, operation, reference)
    answer = await calls.attempt(work, PULL_S)
    async with writing(engine) as session:
        await calls.end(session, call_id, answer)
    return answer


async def _done(
    session: WriteSession, channel: SupplyChannel, rows: Sequence[Offer], told: Sequence[OfferFact], at: datetime
) -> Pulled:
    changes = await offers.observe(session, channel.id, offers.told_or_gone(rows, told), "pull", at)
    channel.pulled_at, channel.pull_problem, channel.pull_failures = at, "", 0
    await _again(session, channel)
    await rate_watch.watch(session)
    await end_alert(session, UNREACHABLE, f"channel:{channel.public_id}")
    return Pulled(channel.id, len(rows), len(changes))


async def _failed(session: WriteSession, channel: SupplyChannel, asked: int, problem: str) -> Pulled:
    channel.pull_problem, channel.pull_failures = problem[:500], channel.pull_failures + 1
    await _again(session, channel)
    if channel.pull_failures >= ALERT_FROM:
        detail = {"channel": channel.name, "failures": channel.pull_failures, "problem": channel.pull_problem}
        await raise_alert(session, UNREACHABLE, f"channel:{channel.public_id}", "warning", detail)
    return Pulled(channel.id, asked, 0, channel.pull_problem)


async def _again(session: WriteSession, channel: SupplyChannel) -> None:
    """The next pull, by its own job; without one the sweep finds it."""
    if channel.state == "active" and channel.pull_every_s:
        channel.pull_at = clock.now() + timedelta(seconds=next_in_s(channel.pull_every_s, channel.pull_failures))
        await soon(session, channel.id, channel.pull_at)
    else:
        channel.pull_at = None
    await session.flush()
