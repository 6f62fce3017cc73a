"""Which supplier a name means: batches of codes name theirs in words, and a known one has a balance."""

from collections.abc import Sequence

from sqlalchemy import select

from transactional.db import ReadSession
from transactional.suppliers.models import Supplier


async def supplier_named(session: ReadSession, name: str) -> int | None:
    """The supplier of exactly this name; None for one that is not known."""
    found: int | None = await session.scalar(select(Supplier.id).where(Supplier.name == name.strip()))
    return found


async def names(session: ReadSession) -> Sequence[str]:
    """Of all suppliers that are bought from."""
    return (
        await session.scalars(select(Supplier.name).where(Supplier.ended_at.is_(None)).order_by(Supplier.name))
    ).all()
