"""A purchase in the shop becomes profit of its day: one story from registering to the dashboards, in a real browser."""

import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from mingsuan.services import services
from mingsuan.settings import Settings
from tests.journeys import steps
from tests.journeys.conftest import ServedShop, Watched, free_port
from transactional.shop import Shop

pytestmark = [
    pytest.mark.proof,
    pytest.mark.journey,
    pytest.mark.enable_socket,
    pytest.mark.xdist_group("journeys"),
]
START_S = 60


@pytest.fixture
def stocking() -> Callable[[Shop], Awaitable[None]]:
    return steps.stock


def test_a_purchase_is_the_profit_of_its_day_and_the_books_agree(
    browser: Browser,
    phone: BrowserContext,
    desk: BrowserContext,
    watched: Callable[[BrowserContext], Watched],
    served_shop: ServedShop,
    tmp_path: Path,
) -> None:
    shopper, clerk = watched(phone).page, watched(desk).page
    steps.register(shopper, served_shop)
    steps.credit(clerk)
    steps.buy(shopper)
    steps.reveal_and_copy(shopper)
    _refresh(served_shop)
    with _dashboards(served_shop, tmp_path) as url:
        _profit(clerk, url, _day_of_the_sale(served_shop))
        _data_health(clerk, url)


def _refresh(shop: ServedShop) -> None:
    """The command as people run it, in a process of its own."""
    environment = {**os.environ, **shop.urls.environment(), "MINGSUAN_VAR": str(shop.settings.var)}
    command = [str(Path(sys.executable).with_name("mingsuan")), "refresh"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Published" in done.stdout


@contextmanager
def _dashboards(shop: ServedShop, folder: Path) -> Iterator[str]:
    """The dashboards under Streamlit on a free loopback port, started as `mingsuan serve` starts them."""
    settings = Settings(var=shop.settings.var, dashboards_port=free_port())
    plan = services(settings, shop.urls, folder)
    [(service, endpoint)] = [(each, at) for each, at in plan.endpoints if each.name == "dashboards"]
    log = folder / "dashboards.log"
    with (
        log.open("w") as output,
        subprocess.Popen(service.command, env=plan.environment, stdout=output, stderr=output) as process,
    ):
        try:
            until = time.monotonic() + START_S
            while not service.is_ready():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, f"the dashboards did not start within {START_S} s"
                time.sleep(0.1)
            yield endpoint.url
        finally:
            process.terminate()


def _day_of_the_sale(shop: ServedShop) -> date:
    """The business date on which the shop's ledger booked the delivery."""
    with psycopg.connect(shop.urls.reader) as connection:
        [(day,)] = connection.execute(
            "select ledger_date from shop.document_line join shop.ledger_transaction on transaction_id = "
            "ledger_transaction.id where component = 'gross_sales'"
        ).fetchall()
    assert isinstance(day, date)
    return day


def _profit(page: Page, url: str, day: date) -> None:
    """Sold at ¥50.00, one of two codes that cost ¥80.00: to the fen, and equal to the ledger."""
    page.goto(f"{url}profit?lang=en&dates={day}..{day}")
    expect(page.get_by_role("heading", level=1)).to_have_text("What did the shop really earn?", timeout=30_000)
    expect(_figure(page, "Net sales")).to_have_text("¥50.00")
    expect(_figure(page, "Margin after goods (CM1)")).to_have_text("¥10.00")
    expect(_figure(page, "Cost coverage")).to_have_text("100.0%")
    expect(page.locator(".ms-lead")).to_contain_text(f"earned, {day}:")
    expect(page.get_by_text("agrees to the fen")).to_be_visible()
    assert f"dates={day}..{day}" in page.url
    expect(page.get_by_role("dialog")).to_have_count(0)


def _data_health(page: Page, url: str) -> None:
    page.goto(f"{url}health?lang=en")
    expect(page.locator(".ms-figure")).to_have_text("Yes", timeout=30_000)
    ledger = page.locator("tr", has=page.get_by_text("margins_equal_ledger", exact=True))
    expect(ledger).to_contain_text("✓ passed")
    expect(_figure(page, "Tests not passed")).to_have_text("0")
    expect(_figure(page, "Rows missing or extra")).to_have_text("0")


def _figure(page: Page, label: str) -> Locator:
    metric = page.get_by_test_id("stMetric").filter(has=page.get_by_text(label, exact=True))
    return metric.get_by_test_id("stMetricValue")
