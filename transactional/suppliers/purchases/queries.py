"""SQL of purchases: what a unit was tried for already, rows locked while they move, what was left lying."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from transactional.db import ReadSession, WriteSession
from transactional.suppliers.models import Purchase, PurchaseEvent
from transactional.suppliers.states import HOLDING

NEXT_ID = text("select nextval('shop.purchase_id_seq')")
ATTEMPTS = text("""
select id, attempt_no, channel_id, state, ended_at, outcome_code from shop.purchase
where fulfilment_id = :fulfilment_id order by attempt_no
""")
TIMES_HELD = text("""
select count(*) from shop.routing_decision as d
where d.fulfilment_id = :fulfilment_id and d.stage = 'purchase' and d.outcome <> 'chosen'
    and d.id > coalesce((
        select max(last.id) from shop.routing_decision as last
        where last.fulfilment_id = :fulfilment_id and last.stage = 'purchase' and last.outcome = 'chosen'
    ), 0)
""")
CHANNEL = text("""
select c.id, c.code, c.name, c.protocol, c.state, c.patience_s, c.check_on_order, c.supplier_id,
    s.name as supplier_name, s.terms = 'prepaid' as prepaid
from shop.supply_channel as c left join shop.supplier as s on s.id = c.supplier_id where c.id = :channel_id
""")
KNOWN_CODES = text("""
select fingerprint from shop.purchased_code where fingerprint = any(cast(:fingerprints as bytea[]))
union all
select fingerprint from shop.card where fingerprint = any(cast(:fingerprints as bytea[]))
""")
SEALED = text("select id from shop.sealed_delivery where fulfilment_id = :fulfilment_id")
KEEP_CODE = text("""
insert into shop.purchased_code (purchase_id, fingerprint, sealed_delivery_id, card_id, expires_at)
values (:purchase_id, :fingerprint, :sealed_delivery_id, :card_id, :expires_at)
""")
OVERDUE = text("""
select id, fulfilment_id, state from shop.purchase
where state in ('created', 'submitted', 'processing', 'unknown') and coalesce(ask_at, created_at) < :before
    and (ask_at is not null or state = 'created')
order by ask_at limit :limit
""")

# Nothing is being bought for it, nothing was decided for a while, and it is not held until later.
FORGOTTEN = text("""
select f.id from shop.fulfilment as f
join shop.order_item as i on i.id = f.order_item_id join shop.orders as o on o.id = i.order_id
where f.state = 'waiting' and f.waits_for = 'supplier' and o.paid_at is not null and f.updated_at < :quiet
    and not exists (select from shop.purchase as p where p.fulfilment_id = f.id and p.state in
        ('created', 'submitted', 'processing', 'unknown', 'succeeded'))
    and exists (select from shop.offer as offer join shop.supply_channel as c on c.id = offer.channel_id
        where offer.sku_id = i.sku_id and offer.state = 'active' and c.state = 'active')
    and not exists (select from shop.routing_decision as d where d.fulfilment_id = f.id
        and (d.decided_at > :quiet or d.outcome <> 'chosen' and d.decided_at > :held))
order by f.id limit :limit
""")


@dataclass(frozen=True, slots=True)
class Attempt:
    """An earlier purchase for the same unit."""

    id: int
    attempt_no: int
    channel_id: int
    state: str
    ended_at: datetime | None
    outcome_code: str

    @property
    def is_holding(self) -> bool:
        return self.state in HOLDING


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel with its supplier; the own pool and people have none."""

    id: int
    code: str
    name: str
    protocol: str
    state: str
    patience_s: int
    check_on_order: bool
    supplier_id: int | None
    supplier_name: str | None
    prepaid: bool | None

    @property
    def is_asked(self) -> bool:
        """Whether a server of a supplier is spoken to, and money is set aside."""
        return self.protocol not in ("own_pool", "manual")


async def next_id(session: WriteSession) -> int:
    return int((await session.execute(NEXT_ID)).scalar_one())


async def attempts(session: ReadSession, fulfilment_id: int) -> list[Attempt]:
    rows = await session.execute(ATTEMPTS, {"fulfilment_id": fulfilment_id})
    return [Attempt(**row) for row in rows.mappings()]


async def times_held(session: ReadSession, fulfilment_id: int) -> int:
    """How often no channel could take the unit since one last could."""
    return int(await session.scalar(TIMES_HELD, {"fulfilment_id": fulfilment_id}) or 0)


async def channel(session: ReadSession, channel_id: int) -> Channel:
    return Channel(**(await session.execute(CHANNEL, {"channel_id": channel_id})).mappings().one())


async def locked(session: WriteSession, purchase_id: int) -> Purchase:
    """The row as it is once nobody else can move it. Raises LookupError."""
    found = select(Purchase).where(Purchase.id == purchase_id).with_for_update(key_share=True)
    row = await session.scalar(found.execution_options(populate_existing=True))
    if row is None:
        raise LookupError(f"there is no purchase {purchase_id}")
    return row


async def note(
    session: WriteSession,
    purchase: Purchase,
    kind: str,
    from_state: str | None,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """An event of the purchase, which is in its new state already; never a code."""
    about = {"purchase_id": purchase.id, "kind": kind, "from_state": from_state, "to_state": purchase.state}
    session.add(PurchaseEvent(**about, happened_at=at, detail=dict(detail or {})))
    await session.flush()


async def known_codes(session: ReadSession, fingerprints: Sequence[bytes]) -> set[bytes]:
    """Those that were bought or imported before."""
    return {bytes(row) for row in await session.scalars(KNOWN_CODES, {"fingerprints": list(fingerprints)})}


async def sealed_delivery(session: ReadSession, fulfilment_id: int) -> int:
    return int((await session.execute(SEALED, {"fulfilment_id": fulfilment_id})).scalar_one())


async def keep_code(
    session: WriteSession,
    purchase_id: int,
    fingerprint: bytes,
    expires_at: datetime | None,
    *,
    sealed_delivery_id: int | None = None,
    card_id: int | None = None,
) -> None:
    values = {"purchase_id": purchase_id, "fingerprint": fingerprint, "expires_at": expires_at}
    await session.execute(KEEP_CODE, {**values, "sealed_delivery_id": sealed_delivery_id, "card_id": card_id})


async def overdue(session: ReadSession, before: datetime, limit: int) -> list[tuple[int, int, str]]:
    """(purchase, fulfilment, state) of those whose turn passed unseen."""
    rows = await session.execute(OVERDUE, {"before": before, "limit": limit})
    return [(row.id, row.fulfilment_id, row.state) for row in rows]


async def forgotten(session: ReadSession, at: datetime, limit: int) -> list[int]:
    """Units that wait for a supplier while nobody does anything about them."""
    values = {"quiet": at - timedelta(minutes=2), "held": at - timedelta(minutes=65), "limit": limit}
    return list(await session.scalars(FORGOTTEN, values))
