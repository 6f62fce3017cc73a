"""Ways of a customer to a provider: opened with a one-time ticket for one or several benefits, or lapsed unused."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, text, update

from mingsuan import clock
from transactional.benefits import bindings, in_step, providers, queries, signing
from transactional.benefits.activation_rules import TICKET_LIFE
from transactional.benefits.errors import ActivationUnderWayError, NotActivatableError, SeveralProvidersError
from transactional.benefits.models import Activation, ActivationOutcome, Launch, Provider
from transactional.benefits.providers import Partner
from transactional.benefits.schemas import LaunchView
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError

NONCE_BYTES = 16
RETURN_PATH = "/benefits/returns"

ACTIVATABLE = text("""
select e.id, e.card_id, e.state, f.state as unit_state, pr.id as provider_id, pr.paused_at,
    a.id as activation_id, a.state as attempt, a.launch_id
from shop.entitlement as e
join shop.fulfilment as f on f.id = e.fulfilment_id
left join shop.product_provider as pp on pp.product_id = e.product_id and pp.removed_at is null
left join shop.provider as pr on pr.id = pp.provider_id
left join shop.activation as a on a.entitlement_id = e.id and a.state in ('opened', 'unknown')
where e.public_id = any(cast(:ids as uuid[])) order by e.id
""")
OPENED = text("""
select e.public_id from shop.activation as a join shop.entitlement as e on e.id = a.entitlement_id
where a.launch_id = :launch_id and a.state = 'opened' order by a.id
""")
OF_LAUNCH = text("""
select e.public_id from shop.benefit_launch as l
join shop.activation as a on a.launch_id = l.id
join shop.entitlement as e on e.id = a.entitlement_id
where l.public_id = :launch and l.customer_id = :customer_id order by a.id
""")
OVERDUE = text("""
select a.id from shop.activation as a join shop.benefit_launch as l on l.id = a.launch_id
where a.state = 'opened' and l.expires_at <= :at order by a.id limit 500 for update of a skip locked
""")


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose benefits are to be activated, and under which address the shop is reached."""

    customer_id: int
    benefit_ids: Sequence[UUID]
    shop_url: str


async def launch(session: WriteSession, vault: Vault, wish: Wish, zone: ZoneInfo) -> LaunchView:
    """A way to the provider of these benefits; the same way again while it is open and unused.

    Raises NotFoundError, NotActivatableError, SeveralProvidersError, ActivationUnderWayError.
    """
    ids = list(dict.fromkeys(wish.benefit_ids))
    found = await queries.lock(session, wish.customer_id, ids)
    if len(found) != len(ids):
        raise NotFoundError
    await in_step.bring(session, found.values(), zone)
    rows = (await session.execute(ACTIVATABLE, {"ids": ids})).all()
    provider_id = _provider_of(rows)
    partner = await providers.by_id(session, vault, provider_id)
    at = clock.now()
    same = await _same_way(session, rows, ids, at)
    way = same or await _open(session, wish, rows, provider_id, at)
    return await _view(session, partner, way)


async def way_of(session: ReadSession, vault: Vault, customer_id: int, public_id: UUID) -> LaunchView | None:
    """A customer's way while it can still be gone, None when its ticket is spent or over. Raises NotFoundError."""
    way = await session.scalar(select(Launch).where(Launch.public_id == public_id, Launch.customer_id == customer_id))
    if way is None:
        raise NotFoundError
    partner = await providers.by_id(session, vault, way.provider_id)
    is_open = way.claimed_at is None and way.expires_at > clock.now()
    if not is_open or not await _opened_of(session, way):
        return None
    return await _view(session, partner, way)


async def benefits_of(session: ReadSession, customer_id: int, launch: UUID) -> list[UUID]:
    """What a customer's way was opened for. Raises NotFoundError, for other people's too."""
    found = list(await session.scalars(OF_LAUNCH, {"launch": launch, "customer_id": customer_id}))
    if not found:
        raise NotFoundError
    return found


async def lapse_overdue(session: WriteSession) -> int:
    """Attempts whose ticket ran out unspent are over: the provider never had them."""
    ids = list(await session.scalars(OVERDUE, {"at": clock.now()}))
    await _lapse(session, ids)
    return len(ids)


def _provider_of(rows: Sequence[Any]) -> int:
    for row in rows:
        usable = row.state in ("ready", "revealed") and row.unit_state == "delivered"
        if not usable or row.provider_id is None or row.paused_at is not None:
            raise NotActivatableError
        if row.attempt == "unknown":
            raise ActivationUnderWayError
    ids: set[int] = {row.provider_id for row in rows}
    if len(ids) > 1:
        raise SeveralProvidersError
    return ids.pop()


async def _same_way(session: WriteSession, rows: Sequence[Any], ids: Sequence[UUID], at: datetime) -> Launch | None:
    """The way that was opened for exactly these benefits, while it can be gone: a double click gets it again."""
    launches = {row.launch_id for row in rows}
    if len(launches) != 1 or None in launches:
        return None
    way = await session.get(Launch, launches.pop())
    if way is None or way.claimed_at is not None or way.expires_at <= at:
        return None
    return way if set(await _opened_of(session, way)) == set(ids) else None


async def _open(session: WriteSession, wish: Wish, rows: Sequence[Any], provider_id: int, at: datetime) -> Launch:
    await _lapse(session, [row.activation_id for row in rows if row.activation_id is not None])
    way = Launch(
        customer_id=wish.customer_id,
        provider_id=provider_id,
        provider_account_id=await bindings.account_id(session, wish.customer_id, provider_id),
        nonce=secrets.token_bytes(NONCE_BYTES),
        return_url="",
        opened_at=at,
        expires_at=at + TICKET_LIFE,
    )
    session.add(way)
    await session.flush()
    way.return_url = f"{wish.shop_url.rstrip('/')}{RETURN_PATH}/{way.public_id}"
    await session.flush()
    for row in rows:
        values = {"launch_id": way.id, "entitlement_id": row.id, "provider_id": provider_id, "card_id": row.card_id}
        made = await session.scalar(insert(Activation).values(values).returning(Activation.id))
        outcome = {"activation_id": made, "state": "opened", "learnt_by": "shop", "happened_at": at}
        await session.execute(insert(ActivationOutcome).values(outcome))
    return way


async def _lapse(session: WriteSession, activation_ids: Sequence[int]) -> None:
    at = clock.now()
    over = update(Activation).where(Activation.id.in_(activation_ids), Activation.state == "opened")
    for activation_id in await session.scalars(over.values(state="lapsed").returning(Activation.id)):
        outcome = {"activation_id": activation_id, "state": "lapsed", "learnt_by": "shop", "happened_at": at}
        await session.execute(insert(ActivationOutcome).values(outcome))


async def _opened_of(session: ReadSession, way: Launch) -> list[UUID]:
    return list(await session.scalars(OPENED, {"launch_id": way.id}))


async def _view(session: ReadSession, partner: Partner, way: Launch) -> LaunchView:
    benefits = [str(each) for each in await _opened_of(session, way)]
    ticket = signing.ticket(partner.secret, str(way.public_id), bytes(way.nonce))
    address = signing.Way(str(way.public_id), benefits, ticket, int(way.expires_at.timestamp()), way.return_url)
    named = (await session.execute(select(Provider.name_zh, Provider.name_en).where(Provider.id == partner.id))).one()
    return LaunchView(
        id=way.public_id,
        address=signing.way_address(partner.launch_url, partner.secret, address),
        provider_name_zh=named.name_zh,
        provider_name_en=named.name_en,
        expires_at=way.expires_at,
    )
