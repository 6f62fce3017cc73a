"""What the worker does for the catalogue: it counts what sold of late, so that lists can begin with it."""

from collections.abc import Callable
from datetime import timedelta

from procrastinate import App
from sqlalchemy import text

from mingsuan import clock
from transactional.db import WriteSession, writing
from transactional.shop import Shop

OF_LATE = timedelta(days=30)

COUNT = text("""
insert into shop.product_sales (product_id, units, counted_at)
select p.id, coalesce(sold.units, 0), :at
from shop.product as p
left join (
    select s.product_id, sum(coalesce(i.bundle_quantity, i.quantity)) as units
    from shop.orders as o
    join shop.order_item as i on i.order_id = o.id
    join shop.sku as s on s.id = coalesce(i.bundle_sku_id, i.sku_id)
    where o.paid_at > :since and o.state not in ('cancelled', 'refund_pending', 'refunded')
        and (i.bundle_sku_id is null or i.line_no = (
            select min(first.line_no) from shop.order_item as first
            where first.order_id = o.id and first.bundle_sku_id = i.bundle_sku_id
        ))
    group by s.product_id
) as sold on sold.product_id = p.id
on conflict (product_id) do update set units = excluded.units, counted_at = excluded.counted_at
""")


def register(app: App, shop: Callable[[], Shop]) -> None:
    """Adds the catalogue's tasks."""

    @app.periodic(cron="7 * * * *")
    @app.task(name="catalogue.count_sales", queue="shop", queueing_lock="catalogue.count_sales")
    async def count(timestamp: int) -> None:  # noqa: ARG001  (the scheduler passes it by this name)
        async with writing(shop().engine) as session:
            await count_sales(session)


async def count_sales(session: WriteSession) -> None:
    """Units that were paid for in the last thirty days and not given back, by product; a bundle counts as itself."""
    at = clock.now()
    await session.execute(COUNT, {"at": at, "since": at - OF_LATE})
