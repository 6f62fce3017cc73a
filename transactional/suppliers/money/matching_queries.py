"""SQL for holding a statement against the ledger: purchases that its lines name, and what was booked for purchases."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import text

from transactional.db import ReadSession
from transactional.suppliers.money.matching_rules import Booking

LOOK_BACK = timedelta(days=120)
"""Purchases older than that before a statement are held against it only when it names them."""
NAMED = text("""
select p.id, p.request_no, p.supplier_ref, p.currency, p.exchange_rate from shop.purchase as p
where p.channel_id = :channel_id
    and (p.request_no = any(cast(:request_nos as text[])) or p.supplier_ref = any(cast(:supplier_refs as text[])))
""")
# Looked up by the references under which a purchase's postings move its supplier's accounts.
BOOKED = text("""
with looked_at as (
    select p.id from shop.purchase as p
    where p.channel_id = :channel_id and (p.created_at >= :since or p.id = any(cast(:named as bigint[])))
), reference (purchase_id, name) as (
    select id, kind || ':' || id from looked_at cross join unnest(
        array['purchase', 'purchase-cost', 'purchase-failed', 'purchase-late-failed']
    ) as kind
    union all
    select c.purchase_id, 'purchase-credit:' || c.id from shop.defect_claim as c
    join looked_at on looked_at.id = c.purchase_id
)
select reference.purchase_id, -sum(e.amount_fen)::bigint as taken_fen, t.effective_at as at
from reference join shop.ledger_transaction as t on t.reference = reference.name
join shop.ledger_entry as e on e.transaction_id = t.id and e.account in ('supplier_prepaid', 'supplier_payable')
group by reference.purchase_id, t.id
""")
ACCOUNTED = text("""
select l.purchase_id, sum(l.ours_fen)::bigint as fen from shop.supplier_statement_line as l
join shop.supplier_statement as s on s.id = l.statement_id
where s.channel_id = :channel_id and l.ours_fen is not null and l.purchase_id = any(cast(:purchases as bigint[]))
group by l.purchase_id
""")
# A purchase that was written off is ended: nobody waits for it any more.
ENDED = text("""
select id, case when state in ('created', 'submitted', 'processing', 'unknown') then null
    else coalesce(ended_at, updated_at) end as ended_at
from shop.purchase where id = any(cast(:purchases as bigint[]))
""")
NUMBERS = text("select id, request_no from shop.purchase where id = any(cast(:purchases as bigint[]))")
DAYS = text("select from_date, to_date from shop.supplier_statement where channel_id = :channel_id")


@dataclass(frozen=True, slots=True)
class Named:
    """A purchase that a line may mean. `exchange_rate`: units of the shop's currency for one of the purchase's."""

    id: int
    request_no: str
    supplier_ref: str | None
    currency: str
    exchange_rate: Decimal


async def named(
    session: ReadSession, channel_id: int, request_nos: Collection[str], supplier_refs: Collection[str]
) -> list[Named]:
    """The channel's purchases with one of these numbers, ours or the supplier's."""
    about = {"channel_id": channel_id, "request_nos": list(request_nos), "supplier_refs": list(supplier_refs)}
    return [Named(**row) for row in (await session.execute(NAMED, about)).mappings()]


async def bookings(session: ReadSession, channel_id: int, since: datetime, purchases: Collection[int]) -> list[Booking]:
    """What was booked for the channel's purchases of LOOK_BACK before an instant or later, and for those named."""
    about = {"channel_id": channel_id, "since": since - LOOK_BACK, "named": list(purchases)}
    return [Booking(**row) for row in (await session.execute(BOOKED, about)).mappings()]


async def accounted(session: ReadSession, channel_id: int, purchases: Collection[int]) -> dict[int, int]:
    """What lines of earlier statements took as ours, by purchase."""
    rows = await session.execute(ACCOUNTED, {"channel_id": channel_id, "purchases": list(purchases)})
    return {row.purchase_id: row.fen for row in rows}


async def ended(session: ReadSession, purchases: Collection[int]) -> dict[int, datetime | None]:
    """When each purchase ended, None while it is open."""
    rows = await session.execute(ENDED, {"purchases": list(purchases)})
    return {row.id: row.ended_at for row in rows}


async def request_nos(session: ReadSession, purchases: Collection[int]) -> dict[int, str]:
    """Our number of each purchase."""
    rows = await session.execute(NUMBERS, {"purchases": list(purchases)})
    return {row.id: row.request_no for row in rows}


async def days(session: ReadSession, channel_id: int) -> Sequence[tuple[date, date]]:
    """First and last day of each statement of a channel that is stored."""
    return [(row.from_date, row.to_date) for row in await session.execute(DAYS, {"channel_id": channel_id})]
