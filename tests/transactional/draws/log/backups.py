"""A database as a backup brings it back: older than what was published since."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan.postgres import DatabaseUrls
from transactional.db import engine


@asynccontextmanager
async def backed_up(source: AsyncEngine, urls: DatabaseUrls) -> AsyncIterator[AsyncEngine]:
    """The database as it is now, kept while the other goes on."""
    await source.dispose()
    name, of = f"b_{uuid.uuid4().hex[:12]}", urls.app.partition("@/")[2].partition("?")[0]
    superuser = urls.owner.replace(f"shop_owner@/{of}?", "postgres@/postgres?")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{of}" owner shop_owner strategy file_copy')
        restored = engine(urls.app.replace(f"@/{of}?", f"@/{name}?"))
        try:
            yield restored
        finally:
            await restored.dispose()
            connection.execute(f'drop database "{name}" with (force)')
