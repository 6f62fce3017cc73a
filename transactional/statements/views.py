"""SQL of the desk's pages about statements of advertising platforms and couriers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.db import ReadSession

A_PAGE = 100
STATEMENTS = """
select s.*, m.display_name as imported_by_name from (
    select 'ad-spend' as kind, a.public_id, a.platform as sender, a.from_date, a.to_date, a.file_name, a.source,
        a.line_count, a.total_fen, a.imported_by, a.imported_at,
        (select sum(l.posted_fen)::bigint from shop.ad_spend as l where l.statement_id = a.id) as posted_fen,
        cast(0 as bigint) as strangers
    from shop.ad_statement as a
    union all
    select 'courier', c.public_id, c.courier, c.from_date, c.to_date, c.file_name, c.source, c.line_count,
        c.total_fen, c.imported_by, c.imported_at, charged.posted_fen, charged.strangers
    from shop.courier_statement as c cross join lateral (
        select sum(l.posted_fen)::bigint as posted_fen, count(*) filter (where l.shipment_id is null) as strangers
        from shop.courier_charge as l where l.statement_id = c.id
    ) as charged
) as s left join shop.staff as m on m.id = s.imported_by
"""
LISTED = text(f"{STATEMENTS} order by s.imported_at desc, s.public_id desc limit :limit offset :offset")
ONE = text(f"{STATEMENTS} where s.kind = :kind and s.public_id = :statement")
AD_LINES = text("""
select l.spend_date as day, l.campaign_code as name, l.acquisition_channel as about, l.amount_fen, l.posted_fen
from shop.ad_spend as l join shop.ad_statement as s on s.id = l.statement_id
where s.public_id = :statement order by l.line_no nulls last, l.id limit :limit offset :offset
""")
CHARGES = text("""
select l.charged_date as day, l.tracking_no as name, l.charge_kind as about, l.amount_fen, l.posted_fen,
    p.public_id as parcel, o.order_no
from shop.courier_charge as l join shop.courier_statement as s on s.id = l.statement_id
left join shop.shipment as p on p.id = l.shipment_id
left join shop.order_item as i on i.id = l.order_item_id left join shop.orders as o on o.id = i.order_id
where s.public_id = :statement order by l.shipment_id is not null, l.id limit :limit offset :offset
""")


async def statements(session: ReadSession, page: int) -> tuple[Sequence[Any], bool]:
    """Of both kinds, newest first; whether there are more."""
    found = await session.execute(LISTED, {"limit": A_PAGE + 1, "offset": (page - 1) * A_PAGE})
    rows = found.all()
    return rows[:A_PAGE], len(rows) > A_PAGE


async def statement(session: ReadSession, kind: str, public_id: UUID) -> Any:
    """None when there is no such statement."""
    return (await session.execute(ONE, {"kind": kind, "statement": public_id})).one_or_none()


async def lines(session: ReadSession, kind: str, public_id: UUID, page: int) -> tuple[Sequence[Any], bool]:
    """In the file's order, parcels that are not the shop's first; whether there are more."""
    about = {"statement": public_id, "limit": A_PAGE + 1, "offset": (page - 1) * A_PAGE}
    rows = (await session.execute(AD_LINES if kind == "ad-spend" else CHARGES, about)).all()
    return rows[:A_PAGE], len(rows) > A_PAGE
