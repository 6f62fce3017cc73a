"""Alerts of exchange rates that offers need and that are missing or old."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text

from mingsuan import clock
from transactional.alerts.service import end_alert, lasting, raise_alert
from transactional.db import WriteSession
from transactional.suppliers.offers import queries as offer_queries

MISSING, STALE = "rate_missing", "rate_stale"
OLD = timedelta(days=7)
NEEDED = text("""
select o.currency, max(r.rate_date) as rate_date from shop.offer as o
join shop.supply_channel as c on c.id = o.channel_id and c.state = 'active'
left join shop.exchange_rate as r on r.currency = o.currency and r.rate_date <= :on
where o.state = 'active' and o.currency <> :own group by o.currency
""")


async def watch(session: WriteSession) -> None:
    """Raises and ends them."""
    own, timezone = await offer_queries.profile(session)
    on = clock.business_date(clock.now(), ZoneInfo(timezone))
    newest = {row.currency: row.rate_date for row in await session.execute(NEEDED, {"on": on, "own": own})}
    missing = {name for name, day in newest.items() if day is None}
    stale = {name: day for name, day in newest.items() if day is not None and on - day > OLD}
    known = {kind: await lasting(session, kind) for kind in (MISSING, STALE)}
    for name in missing - {subject.partition(":")[2] for subject in known[MISSING]}:
        await raise_alert(session, MISSING, f"currency:{name}", "critical", {"currency": name})
    for name, day in stale.items():
        detail = {"currency": name, "rate_date": day.isoformat()}
        if f"currency:{name}" not in known[STALE]:
            await raise_alert(session, STALE, f"currency:{name}", "warning", detail)
    for kind, still in ((MISSING, missing), (STALE, set(stale))):
        for subject in known[kind]:
            if subject.partition(":")[2] not in still:
                await end_alert(session, kind, subject)
