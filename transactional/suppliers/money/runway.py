"""What prepaid suppliers took a day, how long their balances last, and the alert when one is low."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from mingsuan.clock import business_date
from transactional.alerts.service import Severity, end_alert, lasting, raise_alert
from transactional.db import ReadSession, WriteSession
from transactional.suppliers.money.runway_rules import DAYS, Runway, runway

LOW = "low_balance"
"""Kind of the alert."""
SPENT = text("""
select e.supplier_id, t.ledger_date as day, -sum(e.amount_fen)::bigint as fen
from shop.ledger_entry as e join shop.ledger_transaction as t on t.id = e.transaction_id
where e.account = 'supplier_prepaid' and e.supplier_id is not null and e.channel_id is not null
    and t.ledger_date >= :since and t.ledger_date < :until
    and t.event in ('purchase_submitted', 'purchase_cost_settled', 'purchase_failed', 'purchase_late_failed')
group by e.supplier_id, t.ledger_date
""")
FIRST = text("""
select c.supplier_id, min(p.created_at) as at from shop.supply_channel as c join lateral (
    select created_at from shop.purchase where channel_id = c.id order by created_at limit 1
) as p on true where c.supplier_id is not null group by c.supplier_id
""")
WATCHED = text("""
select s.id, s.public_id, s.name, s.low_balance_fen, coalesce(b.prepaid_fen, 0) as prepaid_fen
from shop.supplier as s left join shop.supplier_balance as b on b.supplier_id = s.id
where s.terms = 'prepaid' and s.ended_at is null
""")


async def daily_spend(session: ReadSession, at: datetime, zone: ZoneInfo) -> dict[int, list[int]]:
    """Fen by supplier for each of the last whole days since its first purchase, oldest first, at most DAYS."""
    today = business_date(at, zone)
    since = today - timedelta(days=DAYS)
    taken: dict[int, dict[date, int]] = defaultdict(dict)
    for row in await session.execute(SPENT, {"since": since, "until": today}):
        taken[row.supplier_id][row.day] = row.fen
    firsts = {row.supplier_id: business_date(row.at, zone) for row in await session.execute(FIRST)}
    return {
        supplier: [taken[supplier].get(day, 0) for day in _days(max(since, first), today)]
        for supplier, first in firsts.items()
    }


def _days(since: date, until: date) -> list[date]:
    return [since + timedelta(days=number) for number in range((until - since).days)]


async def watch(session: WriteSession, at: datetime, zone: ZoneInfo) -> None:
    """Raises the alert of each prepaid supplier whose balance is below what was set for it, and ends what is over.

    One that is on already is not raised again before it gets worse.
    """
    spent, known = await daily_spend(session, at, zone), await lasting(session, LOW)
    for row in await session.execute(WATCHED):
        subject = f"supplier:{row.public_id}"
        if row.low_balance_fen is not None and row.prepaid_fen < row.low_balance_fen:
            severity: Severity = "critical" if row.prepaid_fen <= 0 else "warning"
            if subject in known and known[subject].severity == severity:
                continue
            lasts = runway(row.prepaid_fen, spent.get(row.id, ()))
            await raise_alert(session, LOW, subject, severity, _detail(row, lasts))
        else:
            await end_alert(session, LOW, subject)


def _detail(row: Any, lasts: Runway | None) -> Mapping[str, Any]:
    days = {"days": round(lasts.days, 1)} if lasts else {}
    return {"name": row.name, "prepaid_fen": row.prepaid_fen, "low_balance_fen": row.low_balance_fen, **days}
