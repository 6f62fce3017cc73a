"""What an order owes, with the order locked: payments decide by it, nothing else changes the order meanwhile."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from transactional.db import WriteSession
from transactional.errors import NotFoundError

LOCKED = """
select id, order_no, customer_id, state, net_fen, pay_by from shop.orders
where {condition} and (cast(:customer_id as bigint) is null or customer_id = :customer_id) for update
"""
LOCK_BY_NUMBER = text(LOCKED.format(condition="order_no = :order_no"))
LOCK_BY_ID = text(LOCKED.format(condition="id = :order_id"))
LOCK_ALL = text("select id from shop.orders where order_no = any(cast(:order_nos as text[])) order by id for update")

ITEMS = text("""
select i.id, i.net_fen, p.kind, p.title_zh
from shop.order_item as i
join shop.sku as s on s.id = i.sku_id
join shop.product as p on p.id = s.product_id
where i.order_id = :order_id order by i.line_no
""")


@dataclass(frozen=True, slots=True)
class Due:
    """A locked order: `membership_fen` of `net_fen` is for memberships; `items` are (order item, its net in fen)."""

    order_id: int
    order_no: str
    customer_id: int
    state: str
    net_fen: int
    membership_fen: int
    pay_by: datetime | None
    title: str
    items: tuple[tuple[int, int], ...]


async def lock_due(session: WriteSession, order_no: str, customer_id: int | None) -> Due:
    """The order by its number, of that customer if one is named. Raises NotFoundError."""
    values = {"order_no": order_no, "customer_id": customer_id}
    return await _due(session, (await session.execute(LOCK_BY_NUMBER, values)).one_or_none())


async def lock_all(session: WriteSession, order_nos: Collection[str]) -> None:
    """Orders that are going to be locked one by one, in whatever order; unknown numbers are passed over.

    In the order of their keys, as all who lock several.
    """
    await session.execute(LOCK_ALL, {"order_nos": list(order_nos)})


async def lock_due_by_id(session: WriteSession, order_id: int) -> Due:
    """The order by its inside key. Raises NotFoundError."""
    values = {"order_id": order_id, "customer_id": None}
    return await _due(session, (await session.execute(LOCK_BY_ID, values)).one_or_none())


async def _due(session: WriteSession, order: Any) -> Due:
    if order is None:
        raise NotFoundError
    items = (await session.execute(ITEMS, {"order_id": order.id})).all()
    return Due(
        order_id=order.id,
        order_no=order.order_no,
        customer_id=order.customer_id,
        state=order.state,
        net_fen=order.net_fen,
        membership_fen=sum(item.net_fen for item in items if item.kind == "membership"),
        pay_by=order.pay_by,
        title=items[0].title_zh if items else order.order_no,
        items=tuple((item.id, item.net_fen) for item in items),
    )
