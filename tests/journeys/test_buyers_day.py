"""A buyer's day at the desk in a real browser: a channel, its goods and prices, the floor, and a supplier's statement.

The supplier is simulated and spoken to over HTTP; what its book says is what its statement is made of.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from mingsuan import clock
from simulation.suppliers.account import Account
from simulation.suppliers.entries import StatementErrors, StatementLine
from simulation.suppliers.statements import ZONE, lines, written
from tests.journeys import steps
from tests.journeys.conftest import ServedShop, Watched, stock_shop
from tests.simulation.suppliers.served import served
from tests.transactional.small_shop import one_sku, with_money
from tests.transactional.suppliers.protocols.fulu_shop import CREDENTIALS, spec
from transactional.accounts import service as accounts
from transactional.db import reading, writing
from transactional.orders.checkout import Terms, Wanted, place
from transactional.payments.wallet import pay_from_wallet
from transactional.shop import Shop
from transactional.suppliers.purchases import asking as purchase_asking
from transactional.suppliers.purchases import obtaining

pytestmark = [pytest.mark.proof, pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.xdist_group("journeys")]
GOOD, UNITS = "10000587", 6
WIDTHS = (1440, 390)
ACTS = (
    "Added a supplier",
    "Added a channel",
    "Chose a supplier's good for a SKU",
    "Synced a channel by hand",
    "Took an alert in hand",
    "Recorded a deposit with a supplier",
    "Stored a supplier's statement",
    "Accepted a difference of a statement",
    "Disputed a difference of a statement",
    "Noted a difference of a statement",
)
OPEN_PURCHASES = text("select id from shop.purchase where state in ('submitted', 'processing', 'unknown')")
SKU_PRICE_SINCE = text("insert into shop.price (sku_id, list_price_fen, valid_from) select id, 5000, :at from shop.sku")


@dataclass
class Supplier:
    """The simulated account, and its clock: the test's while it buys, the present otherwise."""

    account: Account
    url: str
    frozen: list[datetime]


@pytest.fixture
def supplier() -> Iterator[Supplier]:
    frozen: list[datetime] = []

    def now() -> datetime:
        return frozen[0] if frozen else clock.now()

    with served([spec()], now=now) as world:
        yield Supplier(world.accounts["fulu-a"], world.url("fulu-a"), frozen)


@pytest.fixture
def stocking() -> Callable[[Shop], Awaitable[None]]:
    """One product at ¥50.00 without any code of our own, for three days; a buyer and an owner."""

    async def stock(shop: Shop) -> None:
        async with writing(shop.engine) as session:
            await one_sku(session)
            await session.execute(SKU_PRICE_SINCE, {"at": clock.now() - timedelta(days=3)})
            for role in ("buyer", "owner"):
                await accounts.add_staff(session, f"{role}@example.com", steps.PASSWORD, role.capitalize(), role)

    return stock


@pytest.mark.parametrize("width", WIDTHS)
def test_a_buyer_adds_a_channel_syncs_sets_a_floor_and_reconciles_a_statement(
    width: int,
    browser: Browser,
    served_shop: ServedShop,
    supplier: Supplier,
    watched: Callable[[object], Watched],
) -> None:
    context = browser.new_context(
        base_url=served_shop.url, viewport={"width": width, "height": 900}, locale="en-GB", has_touch=width < 500
    )
    tab = watched(context)
    page = tab.page
    steps.log_in(page, "/desk/log-in", "buyer@example.com")
    channel = _add_channel(page, supplier)
    _choose_good(page, channel)
    _see_jump_within_one_sync(page, channel, supplier)
    _deposit(page, channel)
    _set_floor(page)
    asyncio_in_thread(lambda: stock_shop(served_shop.urls, served_shop.settings, lambda shop: _sell(shop, supplier)))
    _reconcile(page, channel, supplier)
    _on_record(page)
    assert CREDENTIALS["app_secret"] not in page.content()
    assert [each for each in tab.complaints if "422" not in each] == []  # the form that was refused
    context.close()


def _add_channel(page: Page, supplier: Supplier) -> str:
    """Its address."""
    page.goto("/desk/channels")
    expect(page.get_by_role("heading", name="No channels yet")).to_be_visible()
    steps.sound(page)
    page.get_by_role("main").get_by_role("link", name="Add a channel").first.click()
    steps.sound(page)
    page.get_by_role("link", name="Fulu open platform").click()
    for name, value in (
        ("Supplier's name", "Fulu Network"),
        ("Short name", "fulu-main"),
        ("Name, as staff call it", "Fulu, main account"),
        ("Address of the supplier's interface", "http://fulu.example"),
        ("App key", CREDENTIALS["app_key"]),
        ("App secret (32 characters)", CREDENTIALS["app_secret"]),
    ):
        page.get_by_label(name, exact=True).fill(value)
    page.get_by_role("button", name="Add the channel").click()
    expect(page.get_by_text("Must be an https:// address without a query.")).to_be_visible()
    steps.sound(page)
    assert CREDENTIALS["app_secret"] not in page.content()  # typed again: a page never holds it
    page.get_by_label("Address of the supplier's interface").fill(supplier.url)
    page.get_by_label("App key").fill(CREDENTIALS["app_key"])
    page.get_by_label("App secret (32 characters)").fill(CREDENTIALS["app_secret"])
    page.get_by_role("button", name="Add the channel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fulu, main account")
    steps.sound(page)
    return page.url.partition("?")[0]


def _choose_good(page: Page, channel: str) -> None:
    page.get_by_role("link", name="Choose from its goods").click()
    row = page.get_by_role("row").filter(has_text="视频月卡 卡密")
    expect(row).to_contain_text("CNY 18.35")
    steps.sound(page)
    row.get_by_role("combobox").select_option("STEAM-50")
    row.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("The good supplies the SKU from now on.")
    expect(page.get_by_role("row").filter(has_text="STEAM-50")).to_contain_text("¥31.65")  # 50.00 − 18.35
    steps.sound(page)
    assert page.url.startswith(channel)


def _see_jump_within_one_sync(page: Page, channel: str, supplier: Supplier) -> None:
    supplier.account.change(GOOD, unit_cost=Decimal("55.10"), tell=False)
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("status").first).to_have_text("Synced. Offers that changed: 1")
    expect(page.get_by_role("row").filter(has_text="STEAM-50")).to_contain_text("−¥5.10")
    page.goto("/desk/alerts")
    alert = page.get_by_role("listitem").filter(has_text="STEAM-50 costs too much at Fulu, main account")
    expect(alert.first).to_contain_text("now asks ¥55.10; sold at ¥50.00")
    steps.sound(page)
    alert.first.get_by_role("button", name="I see to it").click()
    expect(page.get_by_text("Buyer sees to it since")).to_be_visible()
    page.get_by_role("link", name="STEAM-50 costs too much").click()
    expect(page.get_by_role("row").filter(has_text="CNY 55.10")).to_contain_text("↑ 200.3%")  # 55.10 ÷ 18.35
    steps.sound(page)
    supplier.account.change(GOOD, unit_cost=Decimal("18.35"), tell=False)
    page.goto(channel)
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("status").first).to_have_text("Synced. Offers that changed: 1")
    page.goto("/desk/alerts")
    expect(page.get_by_role("heading", name="All is well")).to_be_visible()
    page.get_by_role("link", name="Over", exact=True).click()
    expect(page.get_by_text("STEAM-50 costs too much")).to_be_visible()
    steps.sound(page)


def _deposit(page: Page, channel: str) -> None:
    page.goto(channel)
    page.get_by_role("main").get_by_role("link", name="Fulu Network").click()
    expect(page.get_by_text("CNY 1,000.00")).to_be_visible()  # as it says
    page.locator("summary", has_text="Record a payment").click()
    page.get_by_label("Arrived at the supplier, in CNY").fill("1000")
    page.get_by_label("The bank's reference").fill("B-1")
    page.get_by_role("button", name="Record the payment").click()
    expect(page.get_by_role("status")).to_have_text("The payment is recorded and posted.")
    steps.sound(page)


def _set_floor(page: Page) -> None:
    page.goto("/desk/routing/rules")
    steps.sound(page)
    page.get_by_label("A sale earns at least, a unit").fill("5")
    page.get_by_label("Reason, kept on record").fill("what a sale must leave")
    page.get_by_role("button", name="From now on, these rules").click()
    expect(page.get_by_text("¥5.00").first).to_be_visible()
    page.goto("/desk/routing?sku=STEAM-50&price=23.34")
    expect(page.get_by_role("main")).to_contain_text("floor")  # 23.34 − 18.35 = 4.99
    steps.sound(page)
    page.goto("/desk/routing?sku=STEAM-50&price=23.35")
    expect(page.get_by_role("main")).to_contain_text("Fulu, main account")
    steps.sound(page)


async def _sell(shop: Shop, supplier: Supplier) -> None:
    """Yesterday at noon, so that a whole day can be reconciled: units are ordered, paid, bought and delivered."""
    today = clock.business_date(clock.now(), ZONE)
    noon = clock.start_of(today - timedelta(days=1), ZONE) + timedelta(hours=12)
    supplier.frozen.append(noon)
    with clock.at(noon):
        async with writing(shop.engine) as session:
            customer = await with_money(session, shop, "li", 100_000)
            sku = (await session.execute(text("select public_id from shop.sku"))).scalar_one()
            wanted, terms = [Wanted(sku, UNITS)], Terms(timedelta(minutes=15))
            order = await place(session, shop.vault, customer.id, wanted, terms, noon, shop.zone)
            await pay_from_wallet(session, order.order_no, customer.id, noon, shop.zone)
        async with reading(shop.engine) as session:
            units = list(await session.scalars(text("select id from shop.fulfilment order by id")))
        for unit in units:
            await obtaining.obtain(shop, unit)
    supplier.frozen[0] = noon + timedelta(seconds=5)
    for booked in supplier.account.book.orders():
        supplier.account.finish(booked)
    with clock.at(supplier.frozen[0]):
        async with reading(shop.engine) as session:
            bought = list(await session.scalars(OPEN_PURCHASES))
        for purchase in bought:
            await purchase_asking.ask(shop, purchase)
    supplier.frozen.clear()
    await shop.supplies.aclose()
    async with reading(shop.engine) as session:
        states = list(await session.scalars(text("select state from shop.fulfilment")))
    assert states == ["delivered"] * UNITS


def _reconcile(page: Page, channel: str, supplier: Supplier) -> None:
    """One amount too high, one too low, one line left out, one out of the air; two agree."""
    page.goto("/desk/statements")
    steps.sound(page)
    page.get_by_label("Supply channel").first.select_option(label="Fulu Network · Fulu, main account")
    page.get_by_label("File, CSV or XLSX").set_input_files(
        {"name": "fulu-statement.csv", "mimeType": "text/csv", "buffer": _statement(supplier.account)}
    )
    page.get_by_role("button", name="Store and compare").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Fulu, main account")
    expect(page.get_by_text("4 not settled")).to_be_visible()
    steps.sound(page)
    for words, way in (("+¥1.00", "accept"), ("−¥0.35", "dispute"), ("−¥18.35", "note"), ("+¥7.77", "note")):
        row = page.get_by_role("row").filter(has_text=re.compile(re.escape(words))).filter(has=page.locator("summary"))
        row.first.locator("summary").click()
        row.first.get_by_label("Reason, kept on record").fill(f"looked at {words}")
        row.first.get_by_label("How").select_option(way)
        row.first.get_by_role("button", name="Settle").click()
        expect(page.get_by_role("status").first).to_be_visible()
    expect(page.get_by_text("1 not settled")).to_be_visible()  # what is disputed stays open
    steps.sound(page)
    page.goto(channel)


def _statement(account: Account) -> bytes:
    """Yesterday's, with four errors."""
    day = clock.business_date(clock.now(), ZONE) - timedelta(days=1)
    right = lines(account.book, day)
    assert [line.amount for line in right] == [Decimal("18.35")] * UNITS
    numbers = [line.request_no for line in right]
    air = StatementLine("charge", "R-NOBODYS", "F-NOBODYS", GOOD, 1, Decimal("7.77"), right[0].happened_at)
    amounts = {numbers[0]: Decimal("19.35"), numbers[1]: Decimal("18.00")}
    errors = StatementErrors(frozenset({numbers[2]}), amounts, (air,))
    return written(lines(account.book, day, errors), "CNY", "csv")


def _on_record(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()
    steps.log_in(page, "/desk/log-in", "owner@example.com")
    page.goto("/desk/acts")
    for words in ACTS:
        expect(page.get_by_role("row", name=words).first).to_be_visible()


def asyncio_in_thread(work: Callable[[], Awaitable[None]]) -> None:
    """This thread's event loop is the browser's."""

    async def whole() -> None:
        await work()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, whole()).result()
