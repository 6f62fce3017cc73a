"""A shopper's way in a real browser: register, be credited at the desk, buy, show the code, copy it."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.journeys import steps
from tests.journeys.conftest import ServedShop, Watched
from transactional.shop import Shop

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.xdist_group("journeys")]


@pytest.fixture
def stocking() -> Callable[[Shop], Awaitable[None]]:
    return steps.stock


@pytest.mark.proof
def test_register_be_credited_buy_reveal_and_copy(
    browser: Browser,
    phone: BrowserContext,
    desk: BrowserContext,
    watched: Callable[[BrowserContext], Watched],
    served_shop: ServedShop,
) -> None:
    shopper, clerk = watched(phone), watched(desk)
    steps.register(shopper.page, served_shop)
    steps.credit(clerk.page)
    steps.buy(shopper.page)
    steps.reveal_and_copy(shopper.page)
    _without_scripts(browser, phone, served_shop)
    assert shopper.complaints == clerk.complaints == []


def _without_scripts(browser: Browser, phone: BrowserContext, served_shop: ServedShop) -> None:
    """The same log-in on a browser without JavaScript buys and shows a code as well."""
    plain = browser.new_context(
        base_url=served_shop.url, java_script_enabled=False, storage_state=phone.storage_state(), locale="en-GB"
    )
    page = plain.new_page()
    page.goto("/products/steam-50")
    page.get_by_role("button", name="Buy").click()
    page.get_by_role("button", name="Pay ¥50.00").click()
    page.get_by_role("button", name="Show the code").click()
    expect(page.locator("code").first).to_contain_text("REAL-CODE-000")
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    plain.close()
