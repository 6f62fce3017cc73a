"""Fetches statements from suppliers whose protocol gives them, day by day; what comes is taken in like any other."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import text

from mingsuan.clock import business_date
from transactional import calls
from transactional.alerts.service import end_alert, raise_alert
from transactional.db import ReadSession, WriteSession, writing
from transactional.errors import ShopError
from transactional.jobs import defer
from transactional.shop import Shop
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.channels.keeping import OpenChannel
from transactional.suppliers.models import SupplyChannel
from transactional.suppliers.money import statements
from transactional.suppliers.money.statements import NewStatement
from transactional.suppliers.protocols.interface import StatementFile, StatementNotReadyError

PULL = "suppliers.pull_statement"
UNREADABLE = "statement_unreadable"
"""Kind of the alert that a supplier's statement was refused."""
READY_AT = time(1, 30)
DAYS_BACK = 3
# Days since a channel bought at all; a statement of other days does not count.
WANTED = text("""
select c.id, d.day::date as day from shop.supply_channel as c
cross join generate_series(cast(:since as date), cast(:until as date), interval '1 day') as d (day)
where c.supplier_id is not null and c.state <> 'ended' and c.protocol not in ('own_pool', 'manual')
    and exists (select from shop.purchase as p where p.channel_id = c.id and p.created_at < d.day + interval '2 days')
    and not exists (
        select from shop.supplier_statement as s where s.channel_id = c.id and d.day between s.from_date and s.to_date
    )
order by c.id, d.day
""")


async def want(shop: Shop, at: datetime) -> int:
    """Puts the statements of the last days that are missing into the queue; how many."""
    local = at.astimezone(shop.zone)
    if local.time() < READY_AT:
        return 0
    today = business_date(at, shop.zone)
    async with writing(shop.engine) as session:
        wanted = await _wanted(session, today)
        for channel_id, day in wanted:
            args: dict[str, int | str] = {"channel_id": channel_id, "day": day.isoformat()}
            await defer(session, PULL, args, lock=f"statement:{channel_id}:{day}")
    return len(wanted)


async def _wanted(session: ReadSession, today: date) -> Sequence[tuple[int, date]]:
    span = {"since": today - timedelta(days=DAYS_BACK), "until": today - timedelta(days=1)}
    return [(row.id, row.day) for row in await session.execute(WANTED, span)]


async def pull(shop: Shop, channel_id: int, day: date) -> bool:
    """One day of one channel; False when there is none yet, or it was refused. Commits by itself."""
    async with channels.opening(shop.engine, shop.vault, channel_id) as opened:
        code = opened.channel.code
        answer = await calls.made(shop.engine, code, "statement", f"{code}:{day}", lambda: _file(opened, day))
    if answer.value is None:
        return False
    async with writing(shop.engine) as session:
        return await taken(session, shop, opened.channel, answer.value)


async def _file(opened: OpenChannel, day: date) -> StatementFile | None:
    try:
        return await opened.supply.statement(day)
    except StatementNotReadyError:
        return None


async def taken(session: WriteSession, shop: Shop, channel: SupplyChannel, file: StatementFile) -> bool:
    """Takes in what a supplier gave by itself; a refusal is an alert, for nobody waits for the answer."""
    days = (file.from_date, file.to_date)
    new = NewStatement(channel.id, file.file_name, file.content, "pull", days)
    subject = f"channel:{channel.public_id}"
    try:
        async with session.begin_nested():
            await statements.take_in(session, new, shop.zone, shop.currency)
    except ShopError as refusal:
        why = "; ".join(str(problem) for problem in refusal.problems[:3]) or str(refusal)
        detail = {"code": channel.code, "file": file.file_name[:100], "why": why[:300]}
        await raise_alert(session, UNREADABLE, subject, "warning", detail)
        return False
    await end_alert(session, UNREADABLE, subject)
    return True
