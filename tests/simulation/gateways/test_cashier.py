"""The cashier's page, where a person pays or cancels."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.simulation.gateways.served import SHOP_URL, World, served

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.mktemp("gateways")) as world:
        yield world


def test_the_page_says_that_no_money_is_real_and_what_is_to_be_paid(world: World) -> None:
    world.state.book.open_trade("wechat", "A1", 12_345, title="<b>Gift card</b>")
    page = httpx.get(f"{world.base_url}/cashier/wechat/A1").text
    assert "Simulated cashier – no real money" in page
    assert "¥123.45" in page
    assert "&lt;b&gt;Gift card" in page
    assert SHOP_URL in page
