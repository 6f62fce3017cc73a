"""The cashier's page, where a person pays or cancels."""

from collections.abc import Iterator

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


def test_paying_books_the_money_writes_the_notice_and_leads_back(world: World) -> None:
    back = "http://shop.test/orders/1"
    world.state.book.open_trade("wechat", "A2", 500, notify_url="http://shop.test/n", return_url=back)
    answer = httpx.post(f"{world.base_url}/cashier/wechat/A2/pay")
    assert (answer.status_code, answer.headers["location"]) == (303, back)
    trade = world.state.book.trade("wechat", "A2")
    assert trade is not None
    assert trade.paid_fen == 500
    assert "paid:A2" in world.state.deliveries.letters


def test_a_second_press_changes_nothing_and_shows_how_things_stand(world: World) -> None:
    world.state.book.open_trade("wechat", "A3", 500)
    for _ in range(2):
        answer = httpx.post(f"{world.base_url}/cashier/wechat/A3/pay")
        assert answer.headers["location"] == f"{world.base_url}/cashier/wechat/A3"
    assert world.state.book.receivable_fen("wechat") >= 500 - 3
    page = httpx.get(f"{world.base_url}/cashier/wechat/A3").text
    assert "已支付 / Paid" in page
    assert "<form" not in page


def test_cancelling_leads_back_and_leaves_the_trade_as_it_is(world: World) -> None:
    world.state.book.open_trade("wechat", "A4", 500, return_url="http://shop.test/orders/4")
    answer = httpx.post(f"{world.base_url}/cashier/wechat/A4/cancel")
    assert answer.headers["location"] == "http://shop.test/orders/4"
    trade = world.state.book.trade("wechat", "A4")
    assert trade is not None
    assert trade.state == "waiting"


@pytest.mark.parametrize("path", ["/cashier/wechat/nobody", "/cashier/paypal/A1"])
def test_what_is_not_known_has_no_page(world: World, path: str) -> None:
    assert httpx.get(f"{world.base_url}{path}").status_code in (404, 422)
