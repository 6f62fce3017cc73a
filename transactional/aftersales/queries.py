"""SQL of cases: a customer's own, with units, conversation, evidence and decisions; locked ones for whoever acts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.aftersales.models import AftersalesCase
from transactional.aftersales.schemas import (
    AftersalesCaseList,
    CaseSummary,
    CaseUnitView,
    EvidenceView,
    OpenCase,
    ResolutionView,
)
from transactional.db import ReadSession, WriteSession

SUMMARY = """
select c.public_id as id, c.id as inside, c.customer_id, c.order_id, c.revision, c.taken_by, o.order_no, c.reason,
    c.state, c.opened_at, c.due_at, c.closed_at, first.title_zh, first.title_en, units.unit_count
from shop.aftersales_case as c
join shop.orders as o on o.id = c.order_id
cross join lateral (
    select count(*) as unit_count, min(u.fulfilment_id) as first_unit
    from shop.aftersales_case_unit as u where u.case_id = c.id
) as units
join shop.fulfilment as f on f.id = units.first_unit
join shop.order_item as i on i.id = f.order_item_id
join shop.sku as s on s.id = i.sku_id
join shop.product as first on first.id = s.product_id
"""
ONE = text(f"""{SUMMARY}
where c.public_id = :case_id and (cast(:customer_id as bigint) is null or c.customer_id = :customer_id)
""")
OF_CUSTOMER = text(f"""{SUMMARY} where c.customer_id = :customer_id
order by c.closed_at is not null, c.opened_at desc, c.id desc limit :limit offset :offset
""")
COUNT = text("select count(*) from shop.aftersales_case where customer_id = :customer_id")
OPEN_OF_ORDER = text("""
select c.public_id as id, c.state, c.reason, c.due_at, array_agg(f.public_id order by f.id) as unit_ids
from shop.aftersales_case as c
join shop.orders as o on o.id = c.order_id
join shop.aftersales_case_unit as u on u.case_id = c.id
join shop.fulfilment as f on f.id = u.fulfilment_id
where o.order_no = :order_no and c.customer_id = :customer_id and u.is_open group by c.id order by c.id
""")
UNITS = text("""
select f.public_id as id, f.id as inside, u.id as case_unit, f.unit_no, i.line_no, s.name_zh as sku_name_zh,
    s.name_en as sku_name_en, p.title_zh as product_title_zh, p.title_en as product_title_en,
    (f.gross_fen - f.discount_fen)::bigint as net_fen, r.kind as decision, coalesce(d.amount_fen, 0) as decided_fen
from shop.aftersales_case_unit as u
join shop.fulfilment as f on f.id = u.fulfilment_id
join shop.order_item as i on i.id = f.order_item_id
join shop.sku as s on s.id = i.sku_id
join shop.product as p on p.id = s.product_id
left join shop.aftersales_decision as d on d.case_unit_id = u.id
left join shop.aftersales_resolution as r on r.id = d.resolution_id
where u.case_id = :inside order by i.line_no, f.unit_no
""")
MESSAGES = text("""
select m.id, m.author, m.is_internal, m.data_key_id, m.sealed, m.written_at, s.display_name as staff_name
from shop.aftersales_message as m left join shop.staff as s on s.id = m.staff_id
where m.case_id = :inside and (:with_internal or not m.is_internal) order by m.id
""")
EVIDENCE = text("""
select public_id as id, media_type, size, attached_at from shop.aftersales_evidence where case_id = :inside order by id
""")
ONE_EVIDENCE = text("""
select e.media_type, e.data_key_id, e.sealed, c.customer_id, c.public_id as case_id
from shop.aftersales_evidence as e join shop.aftersales_case as c on c.id = e.case_id
where e.public_id = :evidence_id and c.public_id = :case_id
    and (cast(:customer_id as bigint) is null or c.customer_id = :customer_id)
""")
RESOLUTIONS = text("""
select r.kind, r.amount_fen, r.decided_at, r.staff_id is null as by_rule, s.display_name as staff_name
from shop.aftersales_resolution as r left join shop.staff as s on s.id = r.staff_id
where r.case_id = :inside order by r.id
""")
ORDER_OF = text("""
select c.order_id from shop.aftersales_case as c
where c.public_id = :case_id and (cast(:customer_id as bigint) is null or c.customer_id = :customer_id)
""")
TURN = text("select pg_advisory_xact_lock(hashtextextended('mingsuan.aftersales', :customer_id))")
OPENED_SINCE = text("""
select count(*) from shop.aftersales_case where customer_id = :customer_id and opened_at > :since
""")
WRITTEN_SINCE = text("""
select count(*) from shop.aftersales_message
where case_id = :inside and author = 'customer' and written_at > :since
""")
LOCK = text("select id from shop.aftersales_case where public_id = :case_id for update")
CLOSE_UNITS = text("update shop.aftersales_case_unit set is_open = false where case_id = :inside and is_open")


async def one(session: ReadSession, case_id: UUID, customer_id: int | None) -> Any:
    """A case's own row, of that customer when one is named; none when there is none."""
    return (await session.execute(ONE, {"case_id": case_id, "customer_id": customer_id})).one_or_none()


async def of_customer(session: ReadSession, customer_id: int, limit: int, offset: int) -> AftersalesCaseList:
    """Open ones first, then newest first."""
    values = {"customer_id": customer_id, "limit": limit, "offset": offset}
    rows = (await session.execute(OF_CUSTOMER, values)).all()
    total = await session.scalar(COUNT, {"customer_id": customer_id}) or 0
    return AftersalesCaseList(items=tuple(CaseSummary.model_validate(row) for row in rows), total=total)


async def open_of_order(session: ReadSession, customer_id: int, order_no: str) -> tuple[OpenCase, ...]:
    rows = await session.execute(OPEN_OF_ORDER, {"customer_id": customer_id, "order_no": order_no})
    return tuple(OpenCase.model_validate(row) for row in rows)


async def units(session: ReadSession, inside: int) -> tuple[Any, ...]:
    """Rows of `CaseUnitView`, with the inside keys."""
    return tuple(await session.execute(UNITS, {"inside": inside}))


async def messages(session: ReadSession, inside: int, *, with_internal: bool) -> tuple[Any, ...]:
    """Sealed rows, oldest first."""
    return tuple(await session.execute(MESSAGES, {"inside": inside, "with_internal": with_internal}))


async def evidence(session: ReadSession, inside: int) -> tuple[EvidenceView, ...]:
    rows = await session.execute(EVIDENCE, {"inside": inside})
    return tuple(EvidenceView.model_validate(row) for row in rows)


async def one_evidence(session: ReadSession, case_id: UUID, evidence_id: UUID, customer_id: int | None) -> Any:
    values = {"case_id": case_id, "evidence_id": evidence_id, "customer_id": customer_id}
    return (await session.execute(ONE_EVIDENCE, values)).one_or_none()


async def resolutions(session: ReadSession, inside: int) -> tuple[ResolutionView, ...]:
    rows = await session.execute(RESOLUTIONS, {"inside": inside})
    return tuple(ResolutionView.model_validate(row) for row in rows)


async def order_of(session: ReadSession, case_id: UUID, customer_id: int | None) -> int | None:
    """Key of the case's order, of that customer when one is named."""
    found: int | None = await session.scalar(ORDER_OF, {"case_id": case_id, "customer_id": customer_id})
    return found


async def locked(session: WriteSession, case_id: UUID) -> AftersalesCase:
    """The case, which nobody else moves until the transaction ends; it must exist."""
    inside: int = (await session.execute(LOCK, {"case_id": case_id})).scalar_one()
    return await session.get_one(AftersalesCase, inside, populate_existing=True)


async def opened_since(session: WriteSession, customer_id: int, since: datetime) -> int:
    """Cases of a customer; whoever opens another one for them waits until this transaction ends."""
    await session.execute(TURN, {"customer_id": customer_id})
    return await session.scalar(OPENED_SINCE, {"customer_id": customer_id, "since": since}) or 0


async def written_since(session: ReadSession, inside: int, since: datetime) -> int:
    """Messages of the customer in a case."""
    return await session.scalar(WRITTEN_SINCE, {"inside": inside, "since": since}) or 0


async def close_units(session: WriteSession, inside: int) -> None:
    """Its units may be in another case from now on."""
    await session.execute(CLOSE_UNITS, {"inside": inside})


def unit_views(rows: tuple[Any, ...]) -> tuple[CaseUnitView, ...]:
    return tuple(CaseUnitView.model_validate(row) for row in rows)
