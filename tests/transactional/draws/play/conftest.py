"""One transaction in a shop that keeps its accounts in yuan, rolled back at the end."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan.postgres import DatabaseUrls
from transactional.db import WriteSession, engine
from transactional.profile_service import ensure_profile


@pytest.fixture
async def source(database_urls: DatabaseUrls) -> AsyncIterator[AsyncEngine]:
    made = engine(database_urls.app)
    yield made
    await made.dispose()


@pytest.fixture
async def session(source: AsyncEngine) -> AsyncIterator[WriteSession]:
    async with WriteSession(source, expire_on_commit=False) as opened:
        await ensure_profile(opened, "CNY", "Asia/Shanghai")
        yield opened
        await opened.rollback()
