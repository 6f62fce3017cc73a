"""SQL of what waits for a person: cases, stray money, money that did not go back, disputes, failed jobs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.backoffice.customers import as_uuid
from transactional.db import ReadSession, WriteSession

A_PAGE = 50
OLDER = "(cast(:before as bigint) is null or {row}.id < :before)"
CASES = text(f"""
select c.id, c.public_id, c.kind, c.subject, c.state, c.amount_fen, c.detail, c.opened_at, c.resolved_at, c.resolution,
    s.display_name as resolved_by
from shop.review_case as c left join shop.staff as s on s.id = c.resolved_by
where (cast(:state as text) is null or c.state = :state) and (cast(:kind as text) is null or c.kind = :kind)
    and {OLDER.format(row="c")}
order by c.id desc limit :limit
""")
CASE = text("""
select c.id, c.public_id, c.kind, c.subject, c.state, c.amount_fen, c.detail, c.opened_at, c.resolved_at, c.resolution,
    s.display_name as resolved_by
from shop.review_case as c left join shop.staff as s on s.id = c.resolved_by where c.public_id = :public_id
""")
KINDS = text("select distinct kind from shop.review_case order by kind")
ORDER_OF = text("""
select o.order_no from shop.orders as o where o.id in (
    select p.order_id from shop.payment as p where p.out_trade_no = any(cast(:numbers as text[]))
    union select p.order_id from shop.refund_payout as r join shop.payment as p on p.id = r.payment_id
    where r.out_refund_no = any(cast(:numbers as text[]))
    union select p.order_id from shop.profit_share as h join shop.payment as p on p.id = h.payment_id
    where h.out_order_no = any(cast(:numbers as text[]))
    union select p.order_id from shop.unapplied_receipt as u join shop.payment as p on p.id = u.payment_id
    where u.public_id = any(cast(:names as uuid[]))
) limit 1
""")
RECEIPTS = text(f"""
select u.id, u.public_id, u.method, u.state, u.reason, u.found_by, u.out_trade_no, u.gateway_trade_no, u.amount_fen,
    u.received_at, u.payment_id is not null as is_ours, o.order_no
from shop.unapplied_receipt as u left join shop.payment as p on p.id = u.payment_id
left join shop.orders as o on o.id = p.order_id
where (cast(:state as text) is null or u.state = :state) and {OLDER.format(row="u")}
order by u.id desc limit :limit
""")
PAYOUTS = text(f"""
select r.id, r.public_id, r.method, r.state, r.amount_fen, r.out_refund_no, r.requested_at, r.paid_out_at,
    r.times_asked, o.order_no,
    exists (select from shop.refund as f where f.payout_id = r.id and f.state = 'pending') as is_refund,
    exists (select from shop.unapplied_receipt as u where u.payout_id = r.id and u.state = 'returning') as is_receipt
from shop.refund_payout as r left join shop.payment as p on p.id = r.payment_id
left join shop.orders as o on o.id = p.order_id
where (cast(:state as text) is null or r.state = :state) and {OLDER.format(row="r")}
order by r.id desc limit :limit
""")
DISPUTES = text(f"""
select c.id, c.public_id, c.amount_fen, c.fee_fen, c.gateway_reference, c.reason, c.charged_back_at, p.method,
    o.order_no, s.display_name as recorded_by
from shop.chargeback as c join shop.payment as p on p.id = c.payment_id
left join shop.orders as o on o.id = p.order_id left join shop.staff as s on s.id = c.recorded_by
where {OLDER.format(row="c")} order by c.id desc limit :limit
""")
PAID_WITH = text("""
select p.public_id from shop.payment as p join shop.orders as o on o.id = p.order_id
where o.order_no = :order_no and p.state = 'succeeded'
""")
JOBS = text(f"""
select j.id, j.task_name, j.args, j.attempts, j.scheduled_at,
    (select max(e.at) from jobs.procrastinate_events as e where e.job_id = j.id) as at
from jobs.procrastinate_jobs as j where j.status = 'failed' and {OLDER.format(row="j")}
order by j.id desc limit :limit
""")
JOB = text("select id, task_name, status::text as status from jobs.procrastinate_jobs where id = :id for update")
RETRY = text("select jobs.procrastinate_retry_job_v2(:id, cast(:at as timestamptz), null, null, null)")
KEYS = {
    table: text(f"select id from shop.{table} where public_id = :public_id")
    for table in ("review_case", "unapplied_receipt", "refund_payout", "chargeback")
}


async def page_of(
    session: ReadSession, statement: Any, table: str, before: UUID | int | None, **values: Any
) -> tuple[Sequence[Any], bool]:
    """Newest first, older than the one named `before`, and whether there are more."""
    edge = await session.scalar(KEYS[table], {"public_id": before}) if isinstance(before, UUID) else before
    rows = (await session.execute(statement, {**values, "before": edge, "limit": A_PAGE + 1})).all()
    return rows[:A_PAGE], len(rows) > A_PAGE


async def case(session: ReadSession, public_id: UUID) -> Any:
    """None when there is no such case."""
    return (await session.execute(CASE, {"public_id": public_id})).one_or_none()


async def kinds(session: ReadSession) -> Sequence[str]:
    """Of all cases there ever were."""
    return list(await session.scalars(KINDS))


async def order_of(session: ReadSession, numbers: Sequence[str]) -> str | None:
    """The order that one of these numbers of payments, refunds, shares or receipts belongs to."""
    names = [name for name in map(as_uuid, numbers) if name]
    found: str | None = await session.scalar(ORDER_OF, {"numbers": list(numbers), "names": names})
    return found


async def paid_with(session: ReadSession, order_no: str) -> UUID | None:
    """Public name of the payment that paid an order."""
    found: UUID | None = await session.scalar(PAID_WITH, {"order_no": order_no})
    return found


async def locked_job(session: WriteSession, job_id: int) -> Any:
    """A job of the queue, None when it is gone."""
    return (await session.execute(JOB, {"id": job_id})).one_or_none()


async def retry_job(session: WriteSession, job_id: int, at: datetime) -> None:
    """Puts a failed job back into the queue."""
    await session.execute(RETRY, {"id": job_id, "at": at})
