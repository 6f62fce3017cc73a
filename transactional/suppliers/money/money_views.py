"""SQL of the pages about money with suppliers: balances, payments, statements with their lines."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.db import ReadSession

A_PAGE = 100
SUPPLIERS = text("""
select s.id, s.public_id, s.name, s.currency, s.terms, s.low_balance_fen, s.note, s.ended_at,
    coalesce(b.prepaid_fen, 0) as prepaid_fen, coalesce(b.payable_fen, 0) as payable_fen,
    b.their_amount, b.their_amount_at,
    (select count(*) from shop.defect_claim as d where d.supplier_id = s.id and d.state in ('open', 'sent')) as claims
from shop.supplier as s left join shop.supplier_balance as b on b.supplier_id = s.id
where cast(:supplier as uuid) is null or s.public_id = :supplier
order by s.ended_at is not null, s.name
""")
CHANNELS = text("""
select c.public_id, c.code, c.name, c.state from shop.supply_channel as c where c.supplier_id = :supplier_id
order by c.state, c.name
""")
PAYMENTS = text("""
select p.kind, p.reference, p.amount, p.currency, p.amount_fen, p.loss_fen, p.paid_at, p.note, m.display_name as who
from shop.supplier_payment as p left join shop.staff as m on m.id = p.recorded_by
where p.supplier_id = :supplier_id order by p.id desc limit :limit
""")
# What is not settled: the cases of its lines that are open.
STATEMENTS = """
select s.id, s.public_id, s.from_date, s.to_date, s.currency, s.file_name, s.source, s.line_count, s.total_fen,
    s.imported_at, m.display_name as imported_by, c.public_id as channel, c.code, c.name as channel_name,
    k.public_id as supplier, k.name as supplier_name, found.ours_fen, found.difference_fen, found.matched,
    found.ours_only, found.theirs_only, found.amount_differs, found.open_count, found.open_fen
from shop.supplier_statement as s
join shop.supply_channel as c on c.id = s.channel_id join shop.supplier as k on k.id = c.supplier_id
left join shop.staff as m on m.id = s.imported_by
cross join lateral (
    select coalesce(sum(l.ours_fen), 0)::bigint as ours_fen,
        coalesce(sum(l.difference_fen), 0)::bigint as difference_fen,
        count(*) filter (where l.verdict = 'matched') as matched,
        count(*) filter (where l.verdict = 'ours_only') as ours_only,
        count(*) filter (where l.verdict = 'theirs_only') as theirs_only,
        count(*) filter (where l.verdict = 'amount_differs') as amount_differs,
        count(*) filter (where r.state = 'open') as open_count,
        coalesce(sum(l.difference_fen) filter (where r.state = 'open'), 0)::bigint as open_fen
    from shop.supplier_statement_line as l left join shop.review_case as r on r.id = l.case_id
    where l.statement_id = s.id
) as found
where {condition}
"""
LISTED = text(
    STATEMENTS.format(
        condition="(cast(:channel as uuid) is null or c.public_id = :channel)"
        " and (cast(:supplier as uuid) is null or k.public_id = :supplier)"
        " and (cast(:before as bigint) is null or s.id < :before)"
    )
    + " order by s.id desc limit :limit"
)
ONE = text(STATEMENTS.format(condition="s.public_id = :statement"))
LINES = text("""
select l.public_id, l.line_no, l.kind, l.request_no, l.supplier_ref, l.amount, l.theirs_fen, l.ours_fen,
    l.difference_fen, l.verdict, l.happened_at, p.public_id as purchase, r.state as case_state,
    r.public_id as review_case, r.detail ->> 'settled' as settled, r.detail ->> 'said' as said, r.resolution,
    r.resolved_at, m.display_name as who, t.public_id as posting
from shop.supplier_statement_line as l
left join shop.purchase as p on p.id = l.purchase_id
left join shop.review_case as r on r.id = l.case_id
left join shop.staff as m on m.id = r.resolved_by
left join shop.ledger_transaction as t on t.reference = 'statement-line:' || l.id
where l.statement_id = :statement_id and (
    :show = 'all' or :show = 'open' and r.state = 'open' or :show = 'differences' and l.verdict <> 'matched'
    or l.verdict = :show
)
order by l.verdict = 'matched', l.id limit :limit offset :offset
""")
OF_CHANNELS = text("""
select c.public_id, c.code, c.name, s.name as supplier from shop.supply_channel as c
join shop.supplier as s on s.id = c.supplier_id order by c.state = 'ended', s.name, c.name
""")
CHANNEL_ID = text("select id from shop.supply_channel where public_id = :channel")
STATEMENT_ID = text("select id from shop.supplier_statement where public_id = :statement")


async def suppliers(session: ReadSession) -> Sequence[Any]:
    """All, those that are bought from first."""
    return (await session.execute(SUPPLIERS, {"supplier": None})).all()


async def supplier(session: ReadSession, public_id: UUID) -> Any:
    """None when there is no such supplier."""
    return (await session.execute(SUPPLIERS, {"supplier": public_id})).one_or_none()


async def channels_of(session: ReadSession, supplier_id: int) -> Sequence[Any]:
    return (await session.execute(CHANNELS, {"supplier_id": supplier_id})).all()


async def payments_of(session: ReadSession, supplier_id: int, limit: int = 20) -> Sequence[Any]:
    """The newest."""
    return (await session.execute(PAYMENTS, {"supplier_id": supplier_id, "limit": limit})).all()


async def statements(
    session: ReadSession,
    *,
    channel: UUID | None = None,
    supplier: UUID | None = None,
    before: UUID | None = None,
    limit: int = A_PAGE,
) -> tuple[Sequence[Any], bool]:
    """Newest first, and whether there are more."""
    edge = await session.scalar(STATEMENT_ID, {"statement": before}) if before else None
    about = {"channel": channel, "supplier": supplier, "before": edge, "limit": limit + 1}
    rows = (await session.execute(LISTED, about)).all()
    return rows[:limit], len(rows) > limit


async def statement(session: ReadSession, public_id: UUID) -> Any:
    """None when there is no such statement."""
    return (await session.execute(ONE, {"statement": public_id})).one_or_none()


async def lines(session: ReadSession, statement_id: int, show: str, page: int) -> tuple[Sequence[Any], bool]:
    """Differences before what matched; whether there are more."""
    about = {"statement_id": statement_id, "show": show, "limit": A_PAGE + 1, "offset": (page - 1) * A_PAGE}
    rows = (await session.execute(LINES, about)).all()
    return rows[:A_PAGE], len(rows) > A_PAGE


async def channels(session: ReadSession) -> Sequence[Any]:
    """Those that belong to a supplier."""
    return (await session.execute(OF_CHANNELS)).all()


async def channel_id(session: ReadSession, public_id: UUID) -> int | None:
    found: int | None = await session.scalar(CHANNEL_ID, {"channel": public_id})
    return found
