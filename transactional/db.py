"""What every table of schema `shop` has in common, and the sessions of a request.

A request is one transaction: the edge opens and commits it, services never do.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Integer, MetaData, event, func, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = "shop"


class Base(DeclarativeBase):
    """Root of all models. `append_only` tables refuse UPDATE and DELETE by privilege and by trigger."""

    metadata = MetaData(
        schema=SCHEMA,
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "ck": "%(table_name)s_%(constraint_name)s_check",
        },
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True), int: BigInteger}
    append_only: ClassVar[bool] = False


class Row(Base):
    """Columns of every table. `row_xid` names the transaction that wrote the row; the change log is built on it."""

    __abstract__ = True

    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=900)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=901)
    row_xid: Mapped[int] = mapped_column(
        BigInteger, server_default=text("(pg_current_xact_id()::text)::bigint"), sort_order=902
    )


class Numbered(Row):
    """A row with a bigint key inside the database."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=False), primary_key=True, sort_order=-2)


class Public(Numbered):
    """A row that the outside may name, by its UUIDv7."""

    __abstract__ = True

    public_id: Mapped[UUID] = mapped_column(unique=True, server_default=text("uuidv7()"), sort_order=-1)


SmallInt = Integer


class ReadSession(AsyncSession):
    """A session whose transaction is READ ONLY: pages and lists."""


class WriteSession(ReadSession):
    """A session that may write; a WriteSession can stand in for a ReadSession, never the reverse."""


def engine(url: str, **options: Any) -> AsyncEngine:
    """Engine for a libpq URL of the role `shop_app`. Values stay out of error messages, and so out of logs.

    All its connections stay open: those of an overflow are closed on return, and a busy shop would open one a request.
    """
    return create_async_engine(url, pool_size=20, max_overflow=0, pool_pre_ping=True, hide_parameters=True, **options)


def beside(source: AsyncEngine, connections: int) -> AsyncEngine:
    """An engine to the same database with connections of its own, which end with the source's.

    For work that requests wait for while they hold a connection: waiting for the same pool, they would all wait for
    ever.
    """
    options: dict[str, Any] = {"pool_size": connections, "max_overflow": 0}
    other = create_async_engine(source.url, pool_pre_ping=True, hide_parameters=True, **options)
    event.listen(source.sync_engine, "engine_disposed", lambda _: other.sync_engine.dispose())
    return other


@asynccontextmanager
async def reading(source: AsyncEngine) -> AsyncIterator[ReadSession]:
    """One read-only transaction."""
    async with ReadSession(source, expire_on_commit=False) as session:
        await session.connection(execution_options={"postgresql_readonly": True})
        yield session


@asynccontextmanager
async def writing(source: AsyncEngine) -> AsyncIterator[WriteSession]:
    """One transaction: committed when the block ends, rolled back when it raises."""
    async with WriteSession(source, expire_on_commit=False) as session, session.begin():
        yield session
