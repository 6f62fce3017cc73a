"""SQL of the pages about claims for bad codes: those there are, and bad codes that nobody has claimed yet."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.db import ReadSession

A_PAGE = 100
STATES = ("open", "sent", "accepted", "rejected")
CLAIMS = """
select d.id, d.public_id, d.state, d.reason, d.claimed_fen, d.credited_fen, d.supplier_reference, d.opened_at,
    d.sent_at, d.ended_at, s.public_id as supplier, coalesce(s.name, b.supplier_name) as supplier_name,
    c.name as channel_name, c.protocol, p.public_id as purchase, p.request_no, b.public_id as batch, b.file_name,
    o.order_no, k.public_id as aftersales_case, m.display_name as opened_by, sku.code as sku_code, sku.name_zh,
    sku.name_en
from shop.defect_claim as d
left join shop.supplier as s on s.id = d.supplier_id
left join shop.supply_channel as c on c.id = d.channel_id
left join shop.purchase as p on p.id = d.purchase_id
left join shop.card_defect as x on x.id = d.card_defect_id
left join shop.card_batch as b on b.id = x.batch_id
left join shop.fulfilment as f on f.id = d.fulfilment_id
left join shop.order_item as i on i.id = f.order_item_id
left join shop.orders as o on o.id = i.order_id
left join shop.sku as sku on sku.id = coalesce(i.sku_id, b.sku_id)
left join shop.aftersales_case as k on k.id = d.case_id
left join shop.staff as m on m.id = d.opened_by
where {condition}
"""
LISTED = text(
    CLAIMS.format(
        condition="(:state = '' and d.state in ('open', 'sent') or :state = 'all' or d.state = :state)"
        " and (cast(:before as bigint) is null or d.id < :before)"
    )
    + " order by d.id desc limit :limit"
)
ONE = text(CLAIMS.format(condition="d.public_id = :claim"))
UNCLAIMED = text("""
select x.public_id, x.reason, x.reported_at, x.cost_fen, b.public_id as batch, b.file_name, b.supplier_name,
    sku.code as sku_code
from shop.card_defect as x join shop.card_batch as b on b.id = x.batch_id join shop.sku on sku.id = b.sku_id
where (b.supplier_id is not null or b.supplier_name <> '')
    and not exists (select from shop.defect_claim as d where d.card_defect_id = x.id)
order by x.id desc limit :limit
""")
CLAIM_ID = text("select id from shop.defect_claim where public_id = :claim")
DEFECT_ID = text("select id from shop.card_defect where public_id = :public_id")
PURCHASE_ID = text("select id from shop.purchase where public_id = :public_id")


async def claims(session: ReadSession, state: str, before: UUID | None) -> tuple[Sequence[Any], bool]:
    """Newest first, and whether there are more; `state` empty: those that have not ended."""
    edge = await session.scalar(CLAIM_ID, {"claim": before}) if before else None
    rows = (await session.execute(LISTED, {"state": state, "before": edge, "limit": A_PAGE + 1})).all()
    return rows[:A_PAGE], len(rows) > A_PAGE


async def claim(session: ReadSession, public_id: UUID) -> Any:
    """None when there is no such claim."""
    return (await session.execute(ONE, {"claim": public_id})).one_or_none()


async def unclaimed(session: ReadSession, limit: int = 50) -> Sequence[Any]:
    """Bad codes of batches whose supplier has a name, newest first."""
    return (await session.execute(UNCLAIMED, {"limit": limit})).all()


async def defect_id(session: ReadSession, public_id: UUID) -> int | None:
    found: int | None = await session.scalar(DEFECT_ID, {"public_id": public_id})
    return found


async def purchase_id(session: ReadSession, public_id: UUID) -> int | None:
    found: int | None = await session.scalar(PURCHASE_ID, {"public_id": public_id})
    return found
