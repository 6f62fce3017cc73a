"""SQL of the desk's queue of cases, and of what stands beside a case: its customer, payment and goods."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from transactional.accounts.rules import MAY
from transactional.aftersales.queries import SUMMARY
from transactional.db import ReadSession

MATCHES = """
where (
        cast(:state as text) is null or c.state = :state
        or :state = 'unfinished' and c.closed_at is null
        or :state = 'overdue' and c.due_at < :at
        or :state = 'mine' and c.closed_at is null and c.taken_by = :staff_id
    )
    and (cast(:reason as text) is null or c.reason = :reason)
    and (cast(:before as timestamptz) is null or c.opened_at <= :before)
    and (cast(:order_no as text) is null or o.order_no = :order_no)
    and (cast(:email as text) is null or customer.email ilike :email escape '!')
"""
JOINED = """
join shop.customer on customer.id = c.customer_id
left join shop.staff as taker on taker.id = c.taken_by
"""
QUEUE = text(f"""
select listed.*, customer.email, taker.display_name as taker_name from ({SUMMARY}) as listed
join shop.aftersales_case as c on c.id = listed.inside
join shop.orders as o on o.id = c.order_id
{JOINED} {MATCHES}
order by listed.closed_at is not null, listed.due_at nulls last, listed.opened_at desc, listed.inside desc
limit :limit offset :offset
""")
TOTAL = text(f"""
select count(*) from shop.aftersales_case as c join shop.orders as o on o.id = c.order_id {JOINED} {MATCHES}
""")
COUNTS = text("""
select count(*) filter (where state = 'open') as new,
    count(*) filter (where state = 'waiting_for_shop') as waiting_for_shop,
    count(*) filter (where state = 'waiting_for_customer') as waiting_for_customer,
    count(*) filter (where due_at < :at) as overdue
from shop.aftersales_case where closed_at is null
""")
BESIDE = text("""
select customer.public_id as customer_id, customer.email, customer.registered_at,
    taker.display_name as taker_name,
    (select count(*) from shop.orders as o where o.customer_id = c.customer_id and o.paid_at is not null) as orders,
    (select count(*) from shop.aftersales_case as x where x.customer_id = c.customer_id) as cases,
    (
        select count(*) from shop.aftersales_case as x where x.customer_id = c.customer_id and x.state = 'rejected'
    ) as rejected_cases,
    refunds.count as refunds, refunds.fen as refunded_fen, o.net_fen, o.paid_at, o.state as order_state,
    paid.method, paid.gateway_trade_no
from shop.aftersales_case as c
join shop.orders as o on o.id = c.order_id
join shop.customer on customer.id = c.customer_id
left join shop.staff as taker on taker.id = c.taken_by
left join lateral (
    select p.method, p.gateway_trade_no from shop.payment as p
    where p.order_id = c.order_id and p.state = 'succeeded' order by p.id limit 1
) as paid on true
cross join lateral (
    select count(*) as count, coalesce(sum(r.amount_fen), 0)::bigint as fen from shop.refund as r
    join shop.fulfilment as f on f.id = r.fulfilment_id
    join shop.order_item as i on i.id = f.order_item_id
    join shop.orders as theirs on theirs.id = i.order_id
    where theirs.customer_id = c.customer_id and r.state <> 'failed'
) as refunds
where c.id = :inside
""")

COLLEAGUES = text("""
select id, public_id, display_name from shop.staff
where disabled_at is null and role = any(cast(:roles as text[])) order by display_name, id limit 200
""")


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What the queue shows; `state` is a state, or unfinished, overdue, mine. None: anything."""

    state: str | None = "unfinished"
    reason: str | None = None
    before: datetime | None = None
    order_no: str | None = None
    email: str | None = None
    staff_id: int | None = None

    def values(self, at: datetime) -> dict[str, Any]:
        email = self.email
        if email is not None:
            email = "%" + email.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
        return {
            "state": self.state,
            "reason": self.reason,
            "before": self.before,
            "order_no": self.order_no,
            "email": email,
            "staff_id": self.staff_id,
            "at": at,
        }


async def queue(
    session: ReadSession, wanted: CaseFilter, at: datetime, limit: int, offset: int
) -> tuple[Sequence[Any], int]:
    """Cases, the next due first, and how many there are in all."""
    values = wanted.values(at)
    rows = (await session.execute(QUEUE, {**values, "limit": limit, "offset": offset})).all()
    return rows, await session.scalar(TOTAL, values) or 0


async def counts(session: ReadSession, at: datetime) -> Any:
    """Unfinished cases by state, and how many of them are overdue."""
    return (await session.execute(COUNTS, {"at": at})).one()


async def colleagues(session: ReadSession) -> Sequence[Any]:
    """Staff who may settle cases."""
    return (await session.execute(COLLEAGUES, {"roles": sorted(MAY["settle_cases"])})).all()


async def beside(session: ReadSession, inside: int) -> Any:
    """The customer's history, the order and its payment."""
    return (await session.execute(BESIDE, {"inside": inside})).one()
