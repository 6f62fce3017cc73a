"""What becomes of failures that nobody refused on purpose."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.db import WriteSession, writing
from transactional.errors import NotReadyError, ShopError
from transactional.problems import refusal_of

pytestmark = pytest.mark.anyio
LOCK = text("select pg_advisory_xact_lock(:number)")


async def test_who_gave_way_in_a_deadlock_is_asked_to_come_again(fresh_engine: AsyncEngine) -> None:
    ready = asyncio.Barrier(2)

    async def both(first: int, second: int) -> None:
        async with writing(fresh_engine) as session:
            await session.execute(LOCK, {"number": first})
            await ready.wait()
            await session.execute(LOCK, {"number": second})

    ends = await asyncio.gather(both(1, 2), both(2, 1), return_exceptions=True)
    [failed] = [end for end in ends if isinstance(end, Exception)]
    assert isinstance(refusal_of(failed), NotReadyError)


async def test_any_other_failure_of_a_statement_is_told_as_one_of_ours(fresh_engine: AsyncEngine) -> None:
    async def wrong(session: WriteSession) -> None:
        await session.execute(text("select 1 / 0 from no_such_table"))

    async with writing(fresh_engine) as session:
        with pytest.raises(DBAPIError) as failed:
            await wrong(session)
        await session.rollback()
    assert type(refusal_of(failed.value)) is ShopError
