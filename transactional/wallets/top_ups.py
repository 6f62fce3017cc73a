"""What a top-up is owed and what follows from its payment; payments decide by it with the top-up locked.

Opening one belongs to `service`; attempts to pay it are `payments`'.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.db import WriteSession
from transactional.errors import NotFoundError

LOCKED = """
select t.id, t.public_id, t.customer_id, t.state, t.amount_fen, t.pay_by, c.erased_at is null as has_owner,
    t.amount_fen + coalesce(w.balance_fen, 0) <= t.largest_balance_fen as is_within_limit
from shop.top_up as t
join shop.customer as c on c.id = t.customer_id
left join shop.wallet as w on w.customer_id = t.customer_id
where {condition} for update of t
"""
LOCK_BY_ID = text(LOCKED.format(condition="t.id = :id"))
LOCK_BY_NAME = text(LOCKED.format(condition="t.public_id = :id and t.customer_id = :customer_id"))
PAID = text("update shop.top_up set state = 'paid', paid_at = :at where id = :id")
CLOSE = text("update shop.top_up set state = 'closed' where id = :id and state = 'open'")
CLOSE_DUE = text("update shop.top_up set state = 'closed' where state = 'open' and pay_by <= :at")


@dataclass(frozen=True, slots=True)
class TopUpDue:
    """A locked top-up; `is_within_limit` tells whether the wallet would stay below its limit with it."""

    top_up_id: int
    public_id: UUID
    customer_id: int
    state: str
    amount_fen: int
    pay_by: datetime
    has_owner: bool
    is_within_limit: bool

    @property
    def has_room(self) -> bool:
        """Whether its money may still come in: on time always, late only within the limit; never to an erased one."""
        return self.has_owner and (self.state == "open" or self.is_within_limit)


async def lock(session: WriteSession, top_up_id: int) -> TopUpDue:
    """The top-up by its inside key. Raises NotFoundError."""
    return _due((await session.execute(LOCK_BY_ID, {"id": top_up_id})).one_or_none())


async def lock_own(session: WriteSession, public_id: UUID, customer_id: int) -> TopUpDue:
    """The customer's own top-up by its name. Raises NotFoundError, for other people's too."""
    return _due((await session.execute(LOCK_BY_NAME, {"id": public_id, "customer_id": customer_id})).one_or_none())


def _due(row: Any) -> TopUpDue:
    if row is None:
        raise NotFoundError
    return TopUpDue(
        top_up_id=row.id,
        public_id=row.public_id,
        customer_id=row.customer_id,
        state=row.state,
        amount_fen=row.amount_fen,
        pay_by=row.pay_by,
        has_owner=row.has_owner,
        is_within_limit=row.is_within_limit,
    )


async def mark_paid(session: WriteSession, top_up_id: int, at: datetime) -> None:
    """The locked top-up's money has come."""
    await session.execute(PAID, {"id": top_up_id, "at": at})


async def close(session: WriteSession, top_up_id: int) -> None:
    """The locked top-up is given up; paid meanwhile, it stays paid."""
    await session.execute(CLOSE, {"id": top_up_id})


async def close_due(session: WriteSession, at: datetime) -> int:
    """Closes what was not paid in time; how many. Money that comes later is judged when it comes."""
    closed = await session.execute(CLOSE_DUE, {"at": at})
    return int(getattr(closed, "rowcount", 0))
