"""A shop that sells, for the ledger's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.ledger.selling import Selling, selling_shop


@pytest.fixture
async def selling(fresh_database: DatabaseUrls, tmp_path: Path) -> AsyncIterator[Selling]:
    async with selling_shop(fresh_database, tmp_path) as shop:
        yield shop
