"""What waits for somebody today: each matter counted by whom it belongs to, the worst first.

A matter is a question to one slice; a new slice's is added to MATTERS. How they look is the page's.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from transactional import selling
from transactional.aftersales import desk_queries as aftersales
from transactional.backoffice import stuck_queries
from transactional.db import ReadSession
from transactional.ledger import seals

LOW_STOCK = 5
SEALED_WITHIN = timedelta(minutes=15)
UNCLEAR_AFTER = 3
"""Times that a gateway was asked about a refund without a clear answer before it is a matter for today."""

CASES = text("select count(*) as number, min(opened_at) as since from shop.review_case where state = 'open'")
PAYOUTS = text("""
select state, count(*) as number, min(requested_at) as since from shop.refund_payout
where state = 'failed' and id in (
        select payout_id from shop.refund where state = 'pending'
        union select payout_id from shop.unapplied_receipt where state = 'returning'
    ) or state = 'processing' and times_asked >= :times
group by state
""")
RECEIPTS = text("select count(*) as number, min(received_at) as since from shop.unapplied_receipt where state = 'open'")
JOBS = text(
    "select count(*) as number, null::timestamptz as since from jobs.procrastinate_jobs where status = 'failed'"
)
PARCELS = text("""
select count(distinct o.id) as number, min(o.paid_at) as since from shop.fulfilment as f
join shop.order_item as i on i.id = f.order_item_id join shop.orders as o on o.id = i.order_id
join shop.sku as s on s.id = i.sku_id join shop.product as p on p.id = s.product_id
where f.state = 'waiting' and f.waits_for = 'manual' and p.kind = 'physical' and o.paid_at is not null
""")
WITHDRAWALS = text("""
select count(*) as number, min(requested_at) as since from shop.withdrawal where state in ('requested', 'unknown')
""")
INVOICES = text("""
select count(*) as number, min(requested_at) as since from shop.invoice
where state = 'requested' or state = 'issued' and red_due_at is not null
""")
SHORT = text("""
select count(*) filter (where free.units = 0) as out,
    count(*) filter (where free.units between 1 and cast(:low as bigint)) as low
from shop.sku as s join shop.product as p on p.id = s.product_id
cross join lateral (
    select count(*) as units from (
        select from shop.card where card.sku_id = s.id and card.delivered_fulfilment_id is null
            and card.state = 'available' and card.free_at <= :at and (card.expires_at is null or card.expires_at > :at)
        limit cast(:low as bigint) + 1
    ) as free_units
) as free
where p.publish_state = 'published' and p.kind in ('card_code', 'physical')
""")


@dataclass(frozen=True, slots=True)
class Matter:
    """So many of a kind, where to settle them, and since when the oldest waits. `tone` is "bad", "warn" or ""."""

    name: str
    count: int
    address: str
    tone: str = "warn"
    since: datetime | None = None
    act: str = "see_orders"


Ask = Callable[[ReadSession, datetime], Awaitable[list[Matter]]]


async def waiting(session: ReadSession, at: datetime, may: Callable[[str], bool]) -> list[Matter]:
    """What waits and may be seen by this member of staff; nothing that is zero."""
    asked = [matter for ask in MATTERS for matter in await ask(session, at)]
    rank = {"bad": 0, "warn": 1, "": 2}
    there = [matter for matter in asked if matter.count and may(matter.act)]
    return sorted(there, key=lambda matter: (rank[matter.tone], matter.since or at, matter.name))


async def _stuck(session: ReadSession, _at: datetime) -> list[Matter]:
    return [
        Matter(
            f"stuck_{row.reason}",
            row.number,
            f"/desk/orders?waits_for={row.reason}",
            "bad" if row.reason == "stock" else "warn",
            row.since,
        )
        for row in await stuck_queries.counts(session)
    ]


async def _cases(session: ReadSession, _at: datetime) -> list[Matter]:
    row = (await session.execute(CASES)).one()
    return [Matter("cases", row.number, "/desk/review", "bad", row.since)]


async def _money(session: ReadSession, _at: datetime) -> list[Matter]:
    payouts = {row.state: row for row in await session.execute(PAYOUTS, {"times": UNCLEAR_AFTER})}
    receipts = (await session.execute(RECEIPTS)).one()
    found = [Matter("receipts", receipts.number, "/desk/review/receipts?state=open", "bad", receipts.since)]
    for state, tone in (("failed", "bad"), ("processing", "warn")):
        if state in payouts:
            row = payouts[state]
            found.append(Matter(f"payouts_{state}", row.number, f"/desk/review/payouts?state={state}", tone, row.since))
    return found


async def _stock(session: ReadSession, at: datetime) -> list[Matter]:
    row = (await session.execute(SHORT, {"at": at, "low": LOW_STOCK})).one()
    return [
        Matter("sold_out", row.out, "/desk/figures#stock", "bad", act="import_cards"),
        Matter("low_stock", row.low, "/desk/figures#stock", "warn", act="import_cards"),
    ]


async def _machinery(session: ReadSession, at: datetime) -> list[Matter]:
    found = [Matter("failed_jobs", await session.scalar(JOBS) or 0, "/desk/review/jobs", "bad")]
    age = await seals.unsealed_age(session)
    if age >= SEALED_WITHIN:
        minutes = int(age.total_seconds() // 60)
        found.append(Matter("unsealed", minutes, "/desk/ledger/seals", "bad", at - age, act="see_ledger"))
    return found


async def _selling(session: ReadSession, _at: datetime) -> list[Matter]:
    paused = await selling.selling(session)
    return [Matter("paused", 1, "/desk/products", "bad", paused.paused_at)] if paused.paused_at else []


async def _people(session: ReadSession, at: datetime) -> list[Matter]:
    """Customers who wait for an answer, a parcel, their money or an invoice."""
    cases = await aftersales.counts(session, at)
    parcels = (await session.execute(PARCELS)).one()
    withdrawals = (await session.execute(WITHDRAWALS)).one()
    invoices = (await session.execute(INVOICES)).one()
    return [
        Matter("aftersales_due", cases.overdue, "/desk/aftersales", "bad"),
        Matter("aftersales", cases.new + cases.waiting_for_shop, "/desk/aftersales", "warn"),
        Matter("parcels", parcels.number, "/desk/parcels", "warn", parcels.since),
        Matter("withdrawals", withdrawals.number, "/desk/withdrawals", "warn", withdrawals.since, "see_money"),
        Matter("invoices", invoices.number, "/desk/invoices", "", invoices.since, "see_money"),
    ]


MATTERS: tuple[Ask, ...] = (_stuck, _cases, _money, _people, _stock, _machinery, _selling)
