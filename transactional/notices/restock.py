"""Who waits for goods that were sold out, and telling them when there are some again.

Each asking is told once. With few pieces only some are told at a time, those who asked first: nobody is called for
goods that the others of the same minute must already have bought.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from mingsuan import clock
from transactional.db import ReadSession, WriteSession, writing
from transactional.errors import NotFoundError
from transactional.notices.service import tell
from transactional.shop import Shop

TOLD_PER_PIECE = 2
WHILE = timedelta(minutes=30)
"""So long those who were told have before others are told of the same pieces."""

WATCH = text("""
insert into shop.restock_watch (customer_id, sku_id, asked_at)
select :customer_id, s.id, :at from shop.sku as s join shop.product as p on p.id = s.product_id
where p.slug = :slug and s.public_id = :sku and s.publish_state = 'published' and p.publish_state = 'published'
on conflict (customer_id, sku_id) do update set
    asked_at = case when restock_watch.told_at is null then restock_watch.asked_at else excluded.asked_at end,
    times = restock_watch.times + case when restock_watch.told_at is null then 0 else 1 end,
    told_at = null
returning id
""")
IS_WATCHED = text("""
select s.public_id from shop.restock_watch as w join shop.sku as s on s.id = w.sku_id
join shop.product as p on p.id = s.product_id
where w.customer_id = :customer_id and p.slug = :slug and w.told_at is null
""")
WAITED_FOR = text("""
select w.sku_id, s.code, p.slug, p.title_zh, p.title_en, free.count as free, (
        select count(*) from shop.restock_watch as t where t.sku_id = w.sku_id and t.told_at > :since
    ) as told
from (select distinct sku_id from shop.restock_watch where told_at is null) as w
join shop.sku as s on s.id = w.sku_id and s.publish_state = 'published'
join shop.product as p on p.id = s.product_id and p.publish_state = 'published'
cross join lateral (
    select count(*) from (
        select from shop.card as c
        where c.sku_id = w.sku_id and c.delivered_fulfilment_id is null and c.state = 'available' and c.free_at <= :at
            and (c.expires_at is null or c.expires_at > :at)
        limit 1000
    ) as pieces
) as free
where free.count > 0 order by w.sku_id
""")
FIRST = text("""
update shop.restock_watch set told_at = :at where id in (
    select id from shop.restock_watch where sku_id = :sku_id and told_at is null order by asked_at, id limit :count
    for update skip locked
) returning customer_id, times
""")


async def watch(session: WriteSession, customer_id: int, slug: str, sku: UUID) -> None:
    """The customer wants to know when this SKU is there again; asked twice, it is one wish. Raises NotFoundError."""
    values = {"customer_id": customer_id, "slug": slug, "sku": sku, "at": clock.now()}
    if (await session.execute(WATCH, values)).one_or_none() is None:
        raise NotFoundError


async def watched(session: ReadSession, customer_id: int, slug: str) -> frozenset[UUID]:
    """Public ids of the product's SKUs for which the customer waits."""
    return frozenset(await session.scalars(IS_WATCHED, {"customer_id": customer_id, "slug": slug}))


async def tell_of_restock(shop: Shop) -> int:
    """Tells those who may be told now; how many."""
    at = clock.now()
    async with writing(shop.engine) as session:
        return await _tell_all(session, at)


async def _tell_all(session: WriteSession, at: datetime) -> int:
    told = 0
    for sku in list(await session.execute(WAITED_FOR, {"at": at, "since": at - WHILE})):
        count = max(0, TOLD_PER_PIECE * sku.free - sku.told)
        first = await session.execute(FIRST, {"sku_id": sku.sku_id, "count": count, "at": at})
        for row in first.all():
            values = {"product": sku.title_zh, "product_en": sku.title_en, "slug": sku.slug}
            await tell(session, row.customer_id, "restock", f"sku:{sku.code}#{row.times}", values)
            told += 1
    return told
