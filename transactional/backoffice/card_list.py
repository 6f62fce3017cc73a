"""SQL of the desk's pages for stock: batches that a filter finds, newest first, and what staff did with one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from mingsuan.clock import start_of
from transactional.cards.schemas import BatchAccount
from transactional.cards.stock_queries import ACCOUNT
from transactional.db import ReadSession
from transactional.suppliers.money import naming

A_PAGE = 25

OF_BATCH = "select from shop.card where card.batch_id = b.id"
GOOD = "card.state = 'available' and (card.expires_at is null or card.expires_at > :at)"
CONDITIONS = {
    "left": f"exists ({OF_BATCH} and {GOOD})",
    "used_up": f"not exists ({OF_BATCH} and {GOOD})",
    "defective": "exists (select from shop.card_defect as d where d.batch_id = b.id)",
    "void": f"exists ({OF_BATCH} and card.state = 'void')",
    "expired": f"""exists (
        {OF_BATCH} and (card.state = 'available' and card.expires_at <= :at or card.voided_at >= card.expires_at)
    )""",
    "no_cost": "b.total_cost_fen is null",
}
"""What may be asked of a batch, by its name in the filter."""
CHOSEN = """
select b.id from shop.card_batch as b join shop.sku on sku.id = b.sku_id
where (cast(:sku as text) = '' or sku.code = :sku)
    and (cast(:supplier as text) = '' or strpos(lower(b.supplier_name), lower(:supplier)) > 0)
    and (cast(:since as timestamptz) is null or b.imported_at >= :since)
    and (cast(:until as timestamptz) is null or b.imported_at < :until)
    and (cast(:before as uuid) is null or (b.imported_at, b.id) <
        (select last.imported_at, last.id from shop.card_batch as last where last.public_id = :before))
    and {condition}
order by b.imported_at desc, b.id desc limit :limit
"""
ACCOUNTS = text(f"{ACCOUNT} where b.id = any(cast(:ids as bigint[])) order by b.imported_at desc, b.id desc")
SKUS = text("""
select sku.code, sku.name_zh, sku.name_en, p.title_zh, p.title_en, p.slug, p.kind
from shop.sku join shop.product as p on p.id = sku.product_id
where p.kind in ('card_code', 'physical') order by p.title_zh, sku.position, sku.id limit 2000
""")
SUPPLIERS = text("select distinct supplier_name from shop.card_batch where supplier_name <> '' order by 1 limit 200")
ABOUT = text("""
select b.id, sku.name_zh, sku.name_en, p.title_zh, p.title_en, p.slug, p.kind, m.display_name as imported_by,
    (select sum(d.cost_fen)::bigint from shop.card_defect as d where d.batch_id = b.id) as defect_fen
from shop.card_batch as b join shop.sku on sku.id = b.sku_id join shop.product as p on p.id = sku.product_id
left join shop.staff as m on m.id = b.imported_by where b.public_id = :batch
""")
ACTS = text("""
select a.act, a.reason, a.detail, a.happened_at, m.display_name from shop.staff_act as a
left join shop.staff as m on m.id = a.staff_id
where a.subject = :subject order by a.happened_at desc, a.id desc limit 200
""")


@dataclass(frozen=True, slots=True)
class BatchFilter:
    """Which batches; days are business dates of the import, both included. `state` is one of CONDITIONS or empty."""

    sku: str = ""
    supplier: str = ""
    state: str = ""
    since: date | None = None
    until: date | None = None


async def page_of(
    session: ReadSession, chosen: BatchFilter, at: datetime, zone: ZoneInfo, before: UUID | None = None
) -> tuple[list[BatchAccount], bool]:
    """A page of batches older than the one named `before`, and whether there are more."""
    statement = text(CHOSEN.format(condition=CONDITIONS.get(chosen.state, "true")))
    values: dict[str, Any] = {
        "sku": chosen.sku,
        "supplier": chosen.supplier,
        "since": start_of(chosen.since, zone) if chosen.since else None,
        "until": start_of(chosen.until + timedelta(days=1), zone) if chosen.until else None,
        "before": before,
        "limit": A_PAGE + 1,
    }
    if ":at" in statement.text:
        values["at"] = at
    ids = list(await session.scalars(statement, values))
    rows = await session.execute(ACCOUNTS, {"ids": ids[:A_PAGE], "at": at})
    return [BatchAccount.model_validate(row) for row in rows], len(ids) > A_PAGE


async def skus(session: ReadSession) -> Sequence[Any]:
    """Every SKU that is sold from stock, with its product's titles and kind."""
    return (await session.execute(SKUS)).all()


async def suppliers(session: ReadSession) -> Sequence[str]:
    """Known suppliers, and names that batches were bought from, to choose from again."""
    return sorted({*await naming.names(session), *await session.scalars(SUPPLIERS)})


async def about(session: ReadSession, batch: UUID) -> Any:
    """What a batch is of, who imported it, and what its bad codes cost; None when there is no such batch."""
    return (await session.execute(ABOUT, {"batch": batch})).one_or_none()


async def acts(session: ReadSession, batch: UUID) -> Sequence[Any]:
    """What staff did with a batch, newest first."""
    return (await session.execute(ACTS, {"subject": f"card-batch:{batch}"})).all()
