"""A shop that sells, for the ledger's tests."""

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.ledger.selling import Selling
from tests.transactional.small_shop import Stocked


@pytest.fixture
async def selling(stocked: Stocked, fresh_database: DatabaseUrls) -> Selling:
    return Selling(stocked, fresh_database)
