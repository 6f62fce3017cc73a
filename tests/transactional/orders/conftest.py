"""A market to order in."""

import pytest

from tests.transactional.orders.goods import Market
from transactional.shop import Shop


@pytest.fixture
def market(shop: Shop) -> Market:
    return Market(shop)
