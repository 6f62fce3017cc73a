"""Takes the README's pictures from a served demo: `python docs/pictures/take.py SHOPPER_PASSWORD OWNER_PASSWORD`.

Pictures are of simulated data, and say so. Needs Chromium (see tests/journeys/install_chromium.py).
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parent
SHOP = "http://127.0.0.1:8000"
DASHBOARDS = "http://127.0.0.1:8501"
DAGSTER = "http://127.0.0.1:3000"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def _page(browser: Browser, width: int, height: int) -> Page:
    return browser.new_page(viewport={"width": width, "height": height}, locale="zh-CN", device_scale_factor=1)


def _keep(page: Page, name: str) -> None:
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


def shop(browser: Browser, email: str, password: str) -> None:
    """Home on a wide screen; product, checkout, payment, order with its code shown, and wallet on a phone."""
    wide = _page(browser, 1440, 900)
    wide.goto(SHOP)
    _keep(wide, "shop-home")
    phone = _page(browser, 390, 844)
    _log_in(phone, f"{SHOP}/log-in", email, password)
    phone.goto(SHOP)
    phone.locator("main a[href^='/products/']").first.click()
    _settled(phone, "shop-product")
    phone.locator("main button.wide").click()
    _settled(phone, "shop-checkout")
    checkout = phone.url
    phone.locator("input[name=door][value^=wechat]").check()
    phone.locator("main button.wide").click()
    phone.wait_for_url("**/pay")
    _settled(phone, "shop-pay")
    phone.goto(checkout)
    phone.locator("main button.wide").click()
    phone.wait_for_url("**/orders/*")
    phone.locator("main form[action$='/reveal'] button").first.click()
    _settled(phone, "shop-order")
    phone.goto(f"{SHOP}/wallet")
    _settled(phone, "shop-wallet")


def desk(browser: Browser, email: str, password: str) -> None:
    """The operators' desk."""
    page = _page(browser, 1440, 900)
    _log_in(page, f"{SHOP}/desk/log-in", email, password)
    page.goto(f"{SHOP}/desk")
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


def dashboards(browser: Browser) -> None:
    """The three pages, on a wide screen and on a phone."""
    for width, height, suffix in ((1440, 1100, ""), (390, 844, "-phone")):
        page = _page(browser, width, height)
        for name in ("profit", "repurchase", "health"):
            page.goto(f"{DASHBOARDS}/{'' if name == 'profit' else name}")
            page.wait_for_selector("[data-testid=stMain] h1", timeout=60_000)
            page.wait_for_timeout(3000)  # charts draw after the text, and nothing says when they have
            _keep(page, f"dashboard-{name}{suffix}")


def dagster(browser: Browser) -> None:
    """The runs that refreshed the dashboards."""
    page = _page(browser, 1440, 900)
    page.goto(f"{DAGSTER}/runs")
    page.wait_for_timeout(6000)
    _keep(page, "dagster-runs")


if __name__ == "__main__":
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        shop(chromium, "shopper@mingsuan.test", sys.argv[1])
        desk(chromium, "owner@mingsuan.test", sys.argv[2])
        dashboards(chromium)
        dagster(chromium)
        chromium.close()
