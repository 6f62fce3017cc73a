"""SQL of what a benefit's state follows from: deliveries, codes, memberships, refunds, a provider's confirmed word."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.benefits.rules import Facts
from transactional.db import ReadSession

# Orders with a source were sold elsewhere, or are a demo's invented history: their goods are not here.
OF_UNITS = """
select f.id as fulfilment_id, f.state = 'refunded' as refunded, f.delivered_at, i.order_id, o.customer_id, i.sku_id,
    s.product_id, p.kind, p.title_zh, p.title_en, card.id as card_id,
    card.expires_at as code_expires_at,
    coalesce(card.ciphertext, sealed.ciphertext) is not null as has_secret,
    (
        select min(r.revealed_at) from shop.card_reveal as r
        where r.card_id = card.id or r.sealed_delivery_id = sealed.id
    ) as revealed_at,
    m.starts_at, m.starts_at + m.days * interval '1 day' as ends_at,
    a.state as provider, a.valid_until, a.provider_ref, a.confirmed_at,
    e.id, e.public_id, e.state, e.card_id as held_card_id, e.replaced_at, e.revealed_at as held_revealed_at,
    e.activated_at, e.used_at, e.expires_at, e.provider_ref as held_provider_ref, e.look_at
from shop.fulfilment as f
join shop.order_item as i on i.id = f.order_item_id
join shop.orders as o on o.id = i.order_id
join shop.sku as s on s.id = i.sku_id
join shop.product as p on p.id = s.product_id
left join shop.card on card.delivered_fulfilment_id = f.id
left join shop.sealed_delivery as sealed on sealed.fulfilment_id = f.id
left join shop.membership_period as m on m.fulfilment_id = f.id
left join shop.entitlement as e on e.fulfilment_id = f.id
left join lateral (
    select a.state, a.valid_until, a.provider_ref, a.confirmed_at from shop.activation as a
    where a.entitlement_id = e.id and a.card_id is not distinct from card.id
        and a.state in ('used', 'activated', 'expired', 'cancelled')
    order by array_position(array['used', 'activated', 'expired', 'cancelled'], a.state), a.id desc limit 1
) as a on true
where {condition} and f.delivered_at is not null and o.source is null
order by f.id
"""
BY_ID = text(OF_UNITS.format(condition="f.id = any(cast(:fulfilment_ids as bigint[]))"))
BY_CUSTOMER = text(OF_UNITS.format(condition="o.customer_id = :customer_id"))
BY_ORDER = text(OF_UNITS.format(condition="o.id = :order_id"))

# What transactions not older than :since wrote, and what time alone changes.
CHANGED = text("""
with written (id) as (
    select f.id from shop.fulfilment as f where f.row_xid >= :since and f.delivered_at is not null
    union select delivered_fulfilment_id from shop.card where row_xid >= :since and delivered_fulfilment_id is not null
    union select fulfilment_id from shop.sealed_delivery where row_xid >= :since
    union select fulfilment_id from shop.membership_period where row_xid >= :since
    union select coalesce(card.delivered_fulfilment_id, sealed.fulfilment_id)
        from shop.card_reveal as r
        left join shop.card on card.id = r.card_id
        left join shop.sealed_delivery as sealed on sealed.id = r.sealed_delivery_id
        where r.row_xid >= :since
    union select fulfilment_id from shop.entitlement where look_at <= :at
)
select f.id from written
join shop.fulfilment as f on f.id = written.id
join shop.order_item as i on i.id = f.order_item_id
join shop.orders as o on o.id = i.order_id
where o.source is null order by f.id
""")


@dataclass(frozen=True, slots=True)
class Held:
    """An entitlement as it is written down."""

    id: int
    public_id: UUID
    state: str
    card_id: int | None
    replaced_at: datetime | None
    revealed_at: datetime | None
    activated_at: datetime | None
    used_at: datetime | None
    expires_at: datetime | None
    provider_ref: str | None
    look_at: datetime | None


@dataclass(frozen=True, slots=True)
class Unit:
    """A delivered unit, the facts about it, and its entitlement when it has one."""

    fulfilment_id: int
    order_id: int
    customer_id: int
    sku_id: int
    product_id: int
    kind: str
    title_zh: str
    title_en: str
    delivered_at: datetime
    card_id: int | None
    provider_ref: str | None
    confirmed_at: datetime | None
    facts: Facts
    held: Held | None


async def of_units(session: ReadSession, fulfilment_ids: Collection[int]) -> list[Unit]:
    """In the order of their keys; undelivered ones are not among them."""
    rows = await session.execute(BY_ID, {"fulfilment_ids": list(fulfilment_ids)})
    return [_unit(row) for row in rows]


async def of_customer(session: ReadSession, customer_id: int) -> list[Unit]:
    return [_unit(row) for row in await session.execute(BY_CUSTOMER, {"customer_id": customer_id})]


async def of_order(session: ReadSession, order_id: int) -> list[Unit]:
    return [_unit(row) for row in await session.execute(BY_ORDER, {"order_id": order_id})]


async def changed(session: ReadSession, since: int, at: datetime) -> list[int]:
    """Fulfilments about which something was written by a transaction not older than `since`, or that time changes."""
    return list(await session.scalars(CHANGED, {"since": since, "at": at}))


def _unit(row: Any) -> Unit:
    replaced = row.held_card_id is not None and row.card_id is not None and row.held_card_id != row.card_id
    held = None
    if row.id is not None:
        held = Held(
            id=row.id,
            public_id=row.public_id,
            state=row.state,
            card_id=row.held_card_id,
            replaced_at=row.replaced_at,
            revealed_at=row.held_revealed_at,
            activated_at=row.activated_at,
            used_at=row.used_at,
            expires_at=row.expires_at,
            provider_ref=row.held_provider_ref,
            look_at=row.look_at,
        )
    facts = Facts(
        refunded=row.refunded,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        code_expires_at=row.code_expires_at,
        revealed_at=row.revealed_at,
        provider=row.provider,
        provider_valid_until=row.valid_until,
        marked_used_at=None if replaced else row.used_at,
        done_on_delivery=row.kind == "api_topup" and not row.has_secret,
        replaced=replaced,
    )
    return Unit(
        fulfilment_id=row.fulfilment_id,
        order_id=row.order_id,
        customer_id=row.customer_id,
        sku_id=row.sku_id,
        product_id=row.product_id,
        kind=row.kind,
        title_zh=row.title_zh,
        title_en=row.title_en,
        delivered_at=row.delivered_at,
        card_id=row.card_id,
        provider_ref=row.provider_ref,
        confirmed_at=row.confirmed_at,
        facts=facts,
        held=held,
    )
