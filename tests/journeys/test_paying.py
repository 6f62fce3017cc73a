"""Paying at a gateway, by a person: scanned, followed, or given up; the page goes on when the money has come."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.journeys.conftest import ServedShop, Watched
from tests.journeys.steps import order_to_pay, register, stock
from tests.simulation.gateways.served import World
from tests.simulation.gateways.served import served as served_gateways
from transactional.shop import Shop

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.xdist_group("journeys")]


@pytest.fixture
def gateways(tmp_path: Path) -> Iterator[World]:
    """Simulated gateways that send their notices by themselves."""
    with served_gateways(tmp_path / "gateways", held=False) as world:
        yield world


@pytest.fixture
def outside(gateways: World) -> Mapping[str, str]:
    return gateways.environment


@pytest.fixture
def stocking() -> Callable[[Shop], Awaitable[None]]:
    return stock


@pytest.fixture
def computer(browser: Browser, served_shop: ServedShop) -> Iterator[BrowserContext]:
    """A shopper's computer that prefers Chinese."""
    made = browser.new_context(base_url=served_shop.url, viewport={"width": 1440, "height": 900}, locale="zh-CN")
    yield made
    made.close()


@pytest.mark.proof
def test_a_shopper_scans_a_code_pays_and_the_page_goes_on_to_what_was_bought(
    computer: BrowserContext, gateways: World, watched: Callable[[BrowserContext], Watched], served_shop: ServedShop
) -> None:
    tab = watched(computer)
    register(tab.page, served_shop)
    order_to_pay(tab.page, "微信支付")
    expect(tab.page.locator("svg.qr")).to_be_visible()
    [trade] = gateways.state.book.trades("wechat")
    gateways.state.pay("wechat", trade.out_trade_no)
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("已交付，归您所有", timeout=20_000)
    assert "REAL-CODE" not in tab.page.content()
    assert tab.complaints == []


@pytest.mark.proof
def test_the_wait_on_a_phone_may_be_left_and_the_order_given_up(
    phone: BrowserContext, watched: Callable[[BrowserContext], Watched], served_shop: ServedShop
) -> None:
    tab = watched(phone)
    register(tab.page, served_shop)
    order = order_to_pay(tab.page, "支付宝")
    tab.page.goto("/orders")
    tab.page.goto(order)
    tab.page.get_by_role("link", name="立即付款").click()
    tab.page.get_by_role("button", name="取消订单").click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("已取消")
    assert tab.complaints == []
