"""Follows what becomes of activations at their providers: asks, and writes down what was proven.

A provider's message only says that it is time to ask; a state is believed from a proven answer and from nothing else,
so messages that come twice, late, in disorder or from a stranger change nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import httpx
from sqlalchemy import func, insert, select, text, update

from mingsuan import clock
from transactional import calls
from transactional.benefits import asking, bindings, in_step, providers
from transactional.benefits.activation_rules import NOT_FOUND_MEANS_FAILED, Standing, is_news, next_query
from transactional.benefits.asking import Told
from transactional.benefits.models import Activation, ActivationOutcome, Launch
from transactional.benefits.providers import Partner
from transactional.calls import Answer
from transactional.db import ReadSession, WriteSession, reading, writing
from transactional.shop import Shop

AT_ONCE = 50
SIDE_BY_SIDE = 8
NOT_AGAIN_WITHIN = timedelta(seconds=2)

DUE = text("select id from shop.activation where query_at <= :at order by query_at limit :limit")
OF_LAUNCH = text("""
select a.id from shop.activation as a join shop.benefit_launch as l on l.id = a.launch_id
where l.public_id = :launch and l.customer_id = :customer_id and a.query_at is not null
    and (a.queried_at is null or a.queried_at <= :before)
order by a.id
""")
OF_BENEFIT = text("""
select a.id from shop.activation as a join shop.entitlement as e on e.id = a.entitlement_id
where e.public_id = :benefit and e.customer_id = :customer_id and a.query_at is not null
    and (a.queried_at is null or a.queried_at <= :before)
order by a.id
""")
OF_CUSTOMER = text("""
select a.id from shop.activation as a join shop.entitlement as e on e.id = a.entitlement_id
where e.customer_id = :customer_id and a.query_at is not null order by a.id limit :limit
""")
LOCKED = text("""
select e.fulfilment_id, e.customer_id from shop.activation as a
join shop.entitlement as e on e.id = a.entitlement_id where a.id = :id for update of e
""")


@dataclass(frozen=True, slots=True)
class _Asked:
    id: int
    public_id: UUID
    partner: Partner


def to_providers() -> httpx.AsyncClient:
    """The line to providers: it follows no redirects and takes no proxy from the environment."""
    return httpx.AsyncClient(trust_env=False, follow_redirects=False)


async def due(session: ReadSession) -> list[int]:
    """Activations whose providers are to be asked now."""
    return list(await session.scalars(DUE, {"at": clock.now(), "limit": AT_ONCE}))


async def of_launch(session: ReadSession, customer_id: int, launch: UUID) -> list[int]:
    """Those of a customer's way that may have changed and were not asked about a moment ago."""
    values = {"launch": launch, "customer_id": customer_id, "before": clock.now() - NOT_AGAIN_WITHIN}
    return list(await session.scalars(OF_LAUNCH, values))


async def of_benefit(session: ReadSession, customer_id: int, benefit: UUID) -> list[int]:
    """The attempts for one benefit of a customer, likewise."""
    values = {"benefit": benefit, "customer_id": customer_id, "before": clock.now() - NOT_AGAIN_WITHIN}
    return list(await session.scalars(OF_BENEFIT, values))


async def of_customer(session: ReadSession, customer_id: int) -> list[int]:
    return list(await session.scalars(OF_CUSTOMER, {"customer_id": customer_id, "limit": AT_ONCE}))


async def look(shop: Shop, activation_ids: Sequence[int]) -> None:
    """Asks the providers, several at a time. Commits by itself, before and after each question."""
    if not activation_ids:
        return
    turn = asyncio.Semaphore(SIDE_BY_SIDE)
    async with to_providers() as client:

        async def one(activation_id: int) -> None:
            async with turn:
                await _look(shop, client, activation_id)

        async with asyncio.TaskGroup() as group:
            for activation_id in activation_ids:
                group.create_task(one(activation_id))


async def _look(shop: Shop, client: httpx.AsyncClient, activation_id: int) -> None:
    async with reading(shop.engine) as session:
        row = await session.get(Activation, activation_id)
        if row is None or row.state in ("opened", "lapsed"):
            return
        asked = _Asked(row.id, row.public_id, await providers.by_id(session, shop.vault, row.provider_id))
    answer = await calls.made(
        shop.engine,
        f"provider:{asked.partner.key}",
        "query",
        str(asked.public_id),
        lambda: asking.ask(client, asked.partner, asked.public_id),
    )
    async with writing(shop.engine) as session:
        await _learn(session, shop, asked, answer)


async def _learn(session: WriteSession, shop: Shop, asked: _Asked, answer: Answer[Told]) -> None:
    owner = (await session.execute(LOCKED, {"id": asked.id})).one()
    row = await session.get_one(Activation, asked.id, populate_existing=True)
    at = clock.now()
    row.queried_at, row.queries = at, row.queries + 1
    told = answer.value
    if told is not None:
        standing = told.standing or await _given_up(session, row, told, at)
        if standing is not None and is_news(row.state, row.version, standing):
            await _believe(session, row, standing, told, at)
        if told.account is not None:
            await bindings.bind(session, shop.vault, owner.customer_id, asked.partner.id, *told.account)
    row.query_at = next_query(row.state, row.queries, at)
    await session.flush()
    await in_step.bring(session, [owner.fulfilment_id], shop.zone)


async def _given_up(session: WriteSession, row: Activation, told: Told, at: datetime) -> Standing | None:
    """A provider that has had the ticket for long and never heard of the benefit did not activate it."""
    if told.is_known or row.state != "unknown":
        return None
    claimed_at = await session.scalar(select(Launch.claimed_at).where(Launch.id == row.launch_id))
    is_certain = claimed_at is not None and claimed_at + NOT_FOUND_MEANS_FAILED <= at
    return Standing("failed", row.version + 1) if is_certain else None


async def _believe(session: WriteSession, row: Activation, standing: Standing, told: Told, at: datetime) -> None:
    before = row.state
    happened_at = min(told.happened_at or at, at)
    if standing.state != before:
        row.state, row.queries = standing.state, 0
        outcome = {
            "activation_id": row.id,
            "state": standing.state,
            "learnt_by": "query",
            "version": standing.version,
            "happened_at": happened_at,
        }
        await session.execute(insert(ActivationOutcome).values(outcome))
    # A failure that the shop concluded by itself leaves the version as the provider counts it.
    row.version = standing.version if told.is_known else row.version
    row.provider_ref = standing.provider_ref or row.provider_ref
    row.valid_until = standing.valid_until
    if standing.state != "failed":
        row.confirmed_at = row.confirmed_at or happened_at


async def ask_soon(session: WriteSession, activation_id: int) -> None:
    """The provider says that something changed: ask now, if it was ever handed the benefit."""
    soon = update(Activation).where(Activation.id == activation_id, Activation.state.notin_(("opened", "lapsed")))
    await session.execute(soon.values(query_at=func.least(clock.now(), Activation.query_at)))
