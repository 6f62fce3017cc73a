"""SQL of benefits as they are shown: lists by state, one with its history, counts. What makes a state is in `facts`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.benefits.schemas import BenefitDetail, BenefitEventView, BenefitList, BenefitView
from transactional.db import ReadSession

VIEW = """
select e.public_id as id, e.state, e.kind, o.order_no, f.public_id as fulfilment_id, p.slug as product_slug,
    p.title_zh as product_title_zh, p.title_en as product_title_en, s.code as sku_code, s.name_zh as sku_name_zh,
    s.name_en as sku_name_en, f.delivered_at, e.revealed_at, e.activated_at, e.used_at, e.expires_at, e.replaced_at,
    f.state = 'refund_pending' as on_hold,
    f.state = 'delivered' and (card.ciphertext is not null or sealed.id is not null) as is_revealable,
    pr.key as provider_key, pr.name_zh as provider_name_zh, pr.name_en as provider_name_en,
    pr.paused_at is not null as provider_paused, a.state as attempt{more}
from shop.entitlement as e
join shop.fulfilment as f on f.id = e.fulfilment_id
join shop.orders as o on o.id = e.order_id
join shop.sku as s on s.id = e.sku_id
join shop.product as p on p.id = e.product_id
left join shop.card on card.id = e.card_id
left join shop.sealed_delivery as sealed on sealed.fulfilment_id = f.id
left join shop.product_provider as pp on pp.product_id = p.id and pp.removed_at is null
left join shop.provider as pr on pr.id = pp.provider_id
left join lateral (
    select state from shop.activation where entitlement_id = e.id order by id desc limit 1
) as a on true
where {condition}
"""
ORDERED = """
order by array_position(array['ready', 'revealed', 'activated', 'pending', 'used', 'expired', 'revoked'], e.state),
    case when e.state in ('pending', 'ready', 'revealed', 'activated') then e.expires_at end nulls last, e.id desc
"""
WANTED = """
    e.customer_id = :customer_id and e.state = any(cast(:states as text[]))
    and (cast(:kind as text) is null or e.kind = :kind)
    and (cast(:search as text) is null or concat_ws(
        ' ', p.title_zh, p.title_en, s.name_zh, s.name_en, s.code, o.order_no
    ) ilike :search)
"""
LIST = text(VIEW.format(more=", count(*) over () as total", condition=WANTED) + ORDERED + "limit :limit offset :offset")
ONE = text(
    VIEW.format(
        more=", e.id as inner_id, p.tutorial_zh, p.tutorial_en",
        condition="e.public_id = :id and (cast(:customer_id as bigint) is null or e.customer_id = :customer_id)",
    )
)
OF_ORDER = text(VIEW.format(more="", condition="o.order_no = :order_no and o.customer_id = :customer_id") + ORDERED)
EVENTS = text("""
select from_state, to_state, cause, happened_at from shop.entitlement_event where entitlement_id = :id order by id
""")
COUNTS = text("select state, count(*) as n from shop.entitlement where customer_id = :customer_id group by state")
FULFILMENTS = text("""
select fulfilment_id, public_id from shop.entitlement
where public_id = any(cast(:ids as uuid[])) and customer_id = :customer_id order by id for update
""")
SUBJECT = text("""
select c.id, c.public_id, c.email from shop.customer as c
where c.public_id::text = :who or lower(c.email) = lower(:who)
    or c.id = (select customer_id from shop.orders where order_no = :who)
limit 1
""")


ATTEMPTS = text("""
select a.public_id, pr.key, pr.name_zh, pr.name_en, t.state, t.learnt_by, t.version, t.happened_at
from shop.entitlement as e
join shop.activation as a on a.entitlement_id = e.id
join shop.provider as pr on pr.id = a.provider_id
join shop.activation_outcome as t on t.activation_id = a.id
where e.public_id = :id order by t.id
""")


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that was learnt of an attempt at a provider."""

    public_id: UUID
    key: str
    name_zh: str
    name_en: str
    state: str
    learnt_by: str
    version: int
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which benefits a list shows."""

    states: Sequence[str]
    kind: str | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose benefits support staff look at."""

    id: int
    public_id: UUID
    email: str | None


async def benefits(session: ReadSession, customer_id: int, wanted: Wanted, limit: int, offset: int) -> BenefitList:
    escaped = wanted.search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    values = {
        "customer_id": customer_id,
        "states": list(wanted.states),
        "kind": wanted.kind,
        "search": f"%{escaped}%" if escaped else None,
        "limit": limit,
        "offset": offset,
    }
    rows = (await session.execute(LIST, values)).all()
    total = rows[0].total if rows else 0
    return BenefitList(items=tuple(BenefitView.model_validate(row) for row in rows), total=total)


async def counts(session: ReadSession, customer_id: int) -> dict[str, int]:
    """How many a customer has in each state; states without any are left out."""
    rows = await session.execute(COUNTS, {"customer_id": customer_id})
    return {row.state: row.n for row in rows}


async def benefit(session: ReadSession, public_id: UUID, customer_id: int | None) -> BenefitDetail | None:
    """One with its history; only the customer's own, anybody's when none is named."""
    row = (await session.execute(ONE, {"id": public_id, "customer_id": customer_id})).one_or_none()
    if row is None:
        return None
    rows = await session.execute(EVENTS, {"id": row.inner_id})
    events = tuple(BenefitEventView.model_validate(event) for event in rows)
    return BenefitDetail.model_validate({**_named(row), "events": events})


async def attempts(session: ReadSession, public_id: UUID) -> tuple[Attempt, ...]:
    return tuple(Attempt(**row._mapping) for row in await session.execute(ATTEMPTS, {"id": public_id}))


async def of_order(session: ReadSession, customer_id: int, order_no: str) -> tuple[BenefitView, ...]:
    rows = await session.execute(OF_ORDER, {"order_no": order_no, "customer_id": customer_id})
    return tuple(BenefitView.model_validate(row) for row in rows)


async def lock(session: ReadSession, customer_id: int, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Fulfilments by entitlement, whose rows nobody else changes now; only the customer's own."""
    rows = await session.execute(FULFILMENTS, {"ids": list(ids), "customer_id": customer_id})
    return {row.public_id: row.fulfilment_id for row in rows}


async def subject(session: ReadSession, who: str) -> Subject | None:
    """The customer whom an order's number, a public id or an e-mail address names."""
    row = (await session.execute(SUBJECT, {"who": who})).one_or_none()
    return Subject(row.id, row.public_id, row.email) if row else None


def _named(row: Any) -> dict[str, Any]:
    return dict(row._mapping)
