"""What the desk shows of purchases: the list, one with its steps, calls and money, and units that nobody may buy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.db import ReadSession

A_PAGE = 50
PURCHASE = """
select p.id, p.public_id, p.request_no, p.supplier_ref, p.state, p.attempt_no, p.quantity, p.unit_cost, p.currency,
    p.exchange_rate, p.cost_fen, p.prepaid, p.outcome_code, p.outcome_reason, p.created_at, p.submitted_at, p.ended_at,
    p.ask_at, p.times_asked, p.decision_id, p.fulfilment_id, c.public_id as channel_public_id, c.name as channel,
    c.protocol, s.public_id as supplier_public_id, s.name as supplier, o.order_no, k.code as sku,
    f.public_id as fulfilment, f.state as unit_state, f.waits_for
from shop.purchase as p join shop.supply_channel as c on c.id = p.channel_id
left join shop.supplier as s on s.id = c.supplier_id
join shop.fulfilment as f on f.id = p.fulfilment_id
join shop.order_item as i on i.id = f.order_item_id join shop.orders as o on o.id = i.order_id
join shop.sku as k on k.id = i.sku_id
"""
LIST = text(f"""{PURCHASE}
where (:state = '' or p.state = :state
        or :state = 'open' and p.state in ('created', 'submitted', 'processing', 'unknown'))
    and (cast(:channel as uuid) is null or c.public_id = :channel)
    and (:q = '' or p.request_no = :q or p.supplier_ref = :q or o.order_no = :q or k.code = :q)
    and (cast(:before as bigint) is null or p.id < :before)
order by p.id desc limit :limit
""")
ONE = text(f"{PURCHASE} where p.public_id = :public_id")
OTHERS = text(f"{PURCHASE} where p.fulfilment_id = :fulfilment_id and p.id <> :id order by p.id")
EVENTS = text("""
select kind, from_state, to_state, happened_at, detail from shop.purchase_event where purchase_id = :id order by id
""")
CALLS = text("""
select operation, outcome, http_status, detail, started_at, ended_at from shop.external_call
where reference = :request_no and target like 'supplier:%' order by id limit 100
""")
MONEY = text("""
select t.reference, t.event, t.effective_at, sum(e.amount_fen) filter (where e.amount_fen > 0) as amount_fen,
    t.public_id
from shop.ledger_transaction as t join shop.ledger_entry as e on e.transaction_id = t.id
where t.reference = any(cast(:references as text[])) group by t.id order by t.id
""")
NOTICES = text("""
select verdict, reason, received_at from shop.supplier_notice where purchase_id = :id order by id limit 100
""")
HELD = text("""
select f.public_id as fulfilment, f.id as fulfilment_id, o.order_no, k.code as sku, o.paid_at,
    f.gross_fen - f.discount_fen as net_fen, d.outcome, d.reason, d.reason_values, d.public_id as decision, d.decided_at
from shop.fulfilment as f
join shop.order_item as i on i.id = f.order_item_id join shop.orders as o on o.id = i.order_id
join shop.sku as k on k.id = i.sku_id
left join lateral (
    select * from shop.routing_decision where fulfilment_id = f.id and stage = 'purchase' order by id desc limit 1
) as d on true
where f.state = 'waiting' and f.waits_for = 'supplier' and o.paid_at is not null
    and not exists (select from shop.purchase as p where p.fulfilment_id = f.id
        and p.state in ('created', 'submitted', 'processing', 'unknown', 'succeeded'))
order by o.paid_at, f.id limit :limit
""")
POSTED = ("", "-cost", "-failed", "-written-off", "-to-stock", "-late-failed", "-late-delivered")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which purchases; `state` may also be "open". `q`: our number, the supplier's, an order's, or a SKU's code."""

    state: str = ""
    channel: UUID | None = None
    q: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A purchase with everything that happened to it, and the unit's other attempts."""

    row: Any
    events: Sequence[Any]
    calls: Sequence[Any]
    money: Sequence[Any]
    notices: Sequence[Any]
    others: Sequence[Any]


async def purchases(session: ReadSession, wanted: Wanted) -> tuple[Sequence[Any], bool]:
    """Newest first, and whether there are older ones."""
    values = {"state": wanted.state, "channel": wanted.channel, "q": wanted.q, "before": wanted.before}
    rows = (await session.execute(LIST, {**values, "limit": A_PAGE + 1})).all()
    return rows[:A_PAGE], len(rows) > A_PAGE


async def held(session: ReadSession) -> Sequence[Any]:
    """Paid units that wait for a supplier while none is asked, the longest waiting first."""
    return (await session.execute(HELD, {"limit": A_PAGE})).all()


async def story(session: ReadSession, public_id: UUID) -> Story | None:
    row = (await session.execute(ONE, {"public_id": public_id})).one_or_none()
    if row is None:
        return None
    references = [f"purchase{part}:{row.id}" for part in POSTED]
    if row.state == "succeeded":
        references.append(f"delivery:{row.fulfilment_id}")
    return Story(
        row,
        (await session.execute(EVENTS, {"id": row.id})).all(),
        (await session.execute(CALLS, {"request_no": row.request_no})).all(),
        (await session.execute(MONEY, {"references": references})).all(),
        (await session.execute(NOTICES, {"id": row.id})).all(),
        (await session.execute(OTHERS, {"fulfilment_id": row.fulfilment_id, "id": row.id})).all(),
    )


async def channel_ids(session: ReadSession, public_id: UUID | None) -> tuple[int, ...]:
    """The channel of this name, if one is named."""
    if public_id is None:
        return ()
    named = text("select id from shop.supply_channel where public_id = :public_id")
    return tuple(await session.scalars(named, {"public_id": public_id}))
