"""Takes the README's pictures from a served demo: `python -m docs.pictures.take SHOPPER_PASSWORD
OWNER_PASSWORD`.

Pictures are of simulated data, and say so. Needs Chromium; with the demo's own settings it finds the demo's ports.
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from mingsuan.settings import Settings
from tests.journeys.conftest import FLAGS
from tests.journeys.install_chromium import find

FOLDER = Path(__file__).parent
HERE = "http://127.0.0.1"


def _page(browser: Browser, width: int, height: int) -> Page:
    return browser.new_page(viewport={"width": width, "height": height}, locale="zh-CN", device_scale_factor=1)


def _keep(page: Page, name: str) -> None:
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


def shop(browser: Browser, at: str, email: str, password: str) -> None:
    """Home on a wide screen; product, checkout, payment, order with its code shown, and wallet on a phone."""
    wide = _page(browser, 1440, 900)
    wide.goto(at)
    _settled(wide, "shop-home")
    phone = _page(browser, 390, 844)
    _log_in(phone, f"{at}/log-in", email, password)
    phone.goto(at)
    phone.locator("main a[href^='/products/']").first.click()
    _settled(phone, "shop-product")
    phone.locator("form.buy .button:not(.second)").click()
    _settled(phone, "shop-checkout")
    checkout = phone.url
    _pay(phone, "wechat")
    phone.wait_for_url("**/pay")
    _settled(phone, "shop-pay")
    phone.goto(checkout)
    _pay(phone, "wallet")
    phone.locator("main form[action$='/reveal'] button").first.click()
    _settled(phone, "shop-order")
    phone.goto(f"{at}/wallet")
    _settled(phone, "shop-wallet")


def _pay(page: Page, door: str) -> None:
    page.locator(f"input[name=door][value^={door}]").check()
    for consent in page.locator("input[name=agreed]").all():
        consent.check()
    page.locator("aside button.wide").click()


def desk(browser: Browser, at: str, email: str, password: str) -> None:
    """The operators' desk: recent orders."""
    page = _page(browser, 1440, 900)
    _log_in(page, f"{at}/desk/log-in", email, password)
    page.goto(f"{at}/desk/orders")
    _settled(page, "desk-orders")


def _log_in(page: Page, url: str, email: str, password: str) -> None:
    page.goto(url)
    page.fill("input[autocomplete=username]", email)
    page.fill("input[type=password]", password)
    page.press("input[type=password]", "Enter")
    page.wait_for_load_state("networkidle")


def _settled(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    _keep(page, name)


def dashboards(browser: Browser, at: str) -> None:
    """The three pages, on a wide screen and on a phone."""
    for width, height, suffix in ((1440, 1100, ""), (390, 844, "-phone")):
        page = _page(browser, width, height)
        for name in ("profit", "repurchase", "health"):
            page.goto(f"{at}/{'' if name == 'profit' else name}")
            page.wait_for_selector("[data-testid=stMain] h1", timeout=60_000)
            page.wait_for_timeout(3000)  # charts draw after the text, and nothing says when they have
            _keep(page, f"dashboard-{name}{suffix}")


def dagster(browser: Browser, at: str) -> None:
    """The runs that refreshed the dashboards."""
    page = _page(browser, 1440, 900)
    page.goto(f"{at}/runs")
    page.wait_for_timeout(6000)
    _keep(page, "dagster-runs")


if __name__ == "__main__":
    served = Settings()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find(), args=list(FLAGS))
        shop(chromium, f"{HERE}:{served.shop_port}", "shopper@mingsuan.test", sys.argv[1])
        desk(chromium, f"{HERE}:{served.shop_port}", "owner@mingsuan.test", sys.argv[2])
        dashboards(chromium, f"{HERE}:{served.dashboards_port}")
        dagster(chromium, f"{HERE}:{served.dagster_port}")
        chromium.close()
