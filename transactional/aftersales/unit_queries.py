"""SQL of the units that cases are about: what was handed over for them, when it was shown, what was given back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from transactional.accounts.schemas import CustomerSubject
from transactional.aftersales.rules import Unit
from transactional.db import ReadSession, WriteSession

# What a provider has had, or its owner says is used, was used even when nobody looked at a code.
UNITS = """
select f.id as inside, f.public_id as id, f.unit_no, f.state, f.waits_for, f.quantity, f.delivered_at,
    (f.gross_fen - f.discount_fen)::bigint as net_fen, i.line_no, o.id as order_id, o.paid_at, p.kind,
    s.name_zh as sku_name_zh, s.name_en as sku_name_en, p.title_zh as product_title_zh,
    p.title_en as product_title_en, card.ciphertext is not null as has_code,
    shown.first_at as first_shown_at, shown.last_at as last_shown_at, coalesce(shown.times, 0) as times_shown,
    exists (select from shop.card_defect as d where d.fulfilment_id = f.id) as was_replaced,
    exists (
        select from shop.entitlement as e left join shop.activation as a on a.entitlement_id = e.id
        where e.fulfilment_id = f.id and (e.used_at is not null or a.state not in ('opened', 'lapsed'))
    ) as is_used,
    coalesce((select sum(r.amount_fen) from shop.refund as r where r.fulfilment_id = f.id and r.state <> 'failed'), 0)
        ::bigint as refunded_fen,
    batch.public_id as batch_id, batch.supplier_name, batch.card_count,
    (select count(*) from shop.card_defect as d where d.batch_id = card.batch_id) as batch_defects,
    (
        select c.public_id from shop.aftersales_case_unit as u join shop.aftersales_case as c on c.id = u.case_id
        where u.fulfilment_id = f.id and u.is_open
    ) as open_case_id
from shop.fulfilment as f
join shop.order_item as i on i.id = f.order_item_id
join shop.orders as o on o.id = i.order_id
join shop.sku as s on s.id = i.sku_id
join shop.product as p on p.id = s.product_id
left join shop.card on card.delivered_fulfilment_id = f.id
left join shop.card_batch as batch on batch.id = card.batch_id
left join shop.sealed_delivery as sealed on sealed.fulfilment_id = f.id
left join lateral (
    select min(r.revealed_at) as first_at, max(r.revealed_at) as last_at, count(*) as times
    from shop.card_reveal as r where r.card_id = card.id or r.sealed_delivery_id = sealed.id
) as shown on true
where {condition} order by i.line_no, f.unit_no
"""
OF_ORDER = text(UNITS.format(condition="o.order_no = :order_no and o.customer_id = :customer_id"))
BY_ID = text(UNITS.format(condition="f.id = any(cast(:ids as bigint[]))"))
LOCK = text("""
select from shop.fulfilment as f join shop.order_item as i on i.id = f.order_item_id
where i.order_id = :order_id order by f.id for no key update of f
""")
CUSTOMER = text("select id, public_id, email, display_name from shop.customer where id = :customer_id")
AT_ONCE_SINCE = text("""
select count(*) from shop.aftersales_resolution as r
join shop.aftersales_decision as d on d.resolution_id = r.id
join shop.aftersales_case as c on c.id = r.case_id
where c.customer_id = :customer_id and r.staff_id is null and r.decided_at > :since
""")


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit with everything that a decision about it needs. `batch_*` are of the code that the customer has now."""

    inside: int
    id: UUID
    unit_no: int
    state: str
    waits_for: str | None
    quantity: int
    delivered_at: datetime | None
    net_fen: int
    line_no: int
    order_id: int
    paid_at: datetime | None
    kind: str
    sku_name_zh: str
    sku_name_en: str
    product_title_zh: str
    product_title_en: str
    has_code: bool
    first_shown_at: datetime | None
    last_shown_at: datetime | None
    times_shown: int
    was_replaced: bool
    is_used: bool
    refunded_fen: int
    batch_id: UUID | None
    supplier_name: str | None
    card_count: int | None
    batch_defects: int
    open_case_id: UUID | None

    @property
    def left_fen(self) -> int:
        return self.net_fen - self.refunded_fen

    @property
    def is_replaceable(self) -> bool:
        return self.has_code and self.state == "delivered"

    @property
    def rule(self) -> Unit:
        """What the rules look at."""
        return Unit(
            kind=self.kind,
            state=self.state,
            waits_for=self.waits_for,
            is_paid=self.paid_at is not None,
            has_code=self.has_code,
            first_shown_at=self.first_shown_at,
            was_replaced=self.was_replaced,
            refunded_fen=self.refunded_fen,
            in_open_case=self.open_case_id is not None,
            is_used=self.is_used,
        )


async def units_of_order(session: ReadSession, customer_id: int, order_no: str) -> list[UnitFacts]:
    """Empty for another customer's order."""
    rows = await session.execute(OF_ORDER, {"order_no": order_no, "customer_id": customer_id})
    return [UnitFacts(**row) for row in rows.mappings()]


async def units_by_id(session: ReadSession, ids: Collection[int]) -> list[UnitFacts]:
    rows = await session.execute(BY_ID, {"ids": list(ids)})
    return [UnitFacts(**row) for row in rows.mappings()]


async def lock_units(session: WriteSession, order_id: int) -> None:
    """Nothing of a locked order is handed over, shown for the first time or refunded until the transaction ends."""
    await session.execute(LOCK, {"order_id": order_id})


async def refunded_at_once(session: ReadSession, customer_id: int, since: datetime) -> int:
    """Units of a customer that the rule alone refunded since an instant."""
    return await session.scalar(AT_ONCE_SINCE, {"customer_id": customer_id, "since": since}) or 0


async def customer(session: ReadSession, customer_id: int) -> CustomerSubject:
    """Whose wallet a credit goes into."""
    row = (await session.execute(CUSTOMER, {"customer_id": customer_id})).one()
    return CustomerSubject(row.id, row.public_id, row.email or "", row.display_name or "")
