"""A running shop on a database of its own, and the same with one SKU for sale."""

from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from tests.transactional.small_shop import Stocked, one_sku
from transactional.accounts.entry import passwords
from transactional.db import engine, writing
from transactional.shop import Shop, open_shop


@pytest.fixture(autouse=True)
def cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of the same kind that take no time; their real cost is tested on its own."""
    cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    monkeypatch.setattr(passwords, "_hasher", lambda: cheap)


@cache
def _settings() -> Settings:
    return Settings(draw_trial=True)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose keys live in this test's folder; the environment is read once."""
    return _settings().model_copy(update={"var": tmp_path})


@pytest.fixture
async def fresh_engine(fresh_database: DatabaseUrls) -> AsyncIterator[AsyncEngine]:
    source = engine(fresh_database.app)
    yield source
    await source.dispose()


@pytest.fixture
async def shop(fresh_engine: AsyncEngine, settings: Settings) -> Shop:
    """A running shop on a database of its own."""
    return await open_shop(settings, fresh_engine)


@pytest.fixture
async def stocked(shop: Shop) -> Stocked:
    async with writing(shop.engine) as session:
        return Stocked(shop, await one_sku(session))
