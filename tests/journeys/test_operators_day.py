"""An operator's whole day at the desk in a real browser: wide, then on a phone without JavaScript, in one shop."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys import steps
from tests.journeys.conftest import ServedShop, Watched
from tests.transactional.orders.goods import Market
from tests.transactional.small_shop import codes
from tests.transactional.small_shop import stock as put_codes
from tests.transactional.web.test_product_desk import picture
from transactional.aftersales import opening
from transactional.aftersales.schemas import NewCase
from transactional.cards import service as cards
from transactional.db import writing
from transactional.shop import Shop

pytestmark = [pytest.mark.proof, pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.xdist_group("journeys")]
WIDTHS = (1440, 390)
ACTS = (
    "Imported card codes",
    "Added a product",
    "Added a SKU",
    "Changed a product's picture",
    "Put a product on sale or took it off",
    "Set a price",
    "Delivered by hand",
    "Answered in a case",
    "Refunded in a case",
    "Gave a refund",
    "Exported a list of orders",
)


@dataclass(frozen=True)
class Waiting:
    """What waits for the operator: an order for staff, a case, and an order to refund."""

    by_hand: str
    case: str
    to_refund: str


@pytest.fixture
def waiting() -> dict[int, Waiting]:
    """By the width at which it is seen to; filled when the shop is stocked."""
    return {}


@pytest.fixture
def stocking(waiting: dict[int, Waiting]) -> Callable[[Shop], Awaitable[None]]:
    async def stocked(shop: Shop) -> None:
        await steps.stock(shop)
        market = Market(shop)
        code, service = await market.sku("GAME"), await market.sku("HAND", "manual_service", 3000)
        async with writing(shop.engine) as session:
            await put_codes(session, shop, "GAME", codes(8, "GAME"), 4800)
        for width in WIDTHS:
            customer = await market.customer(f"li{width}")
            orders = [await market.order(customer, (sku, 1)) for sku in (service, code, code)]
            for order in orders:
                await market.pay(order)
            [unit] = await market.fulfilment_ids(orders[1].order_no)
            new = NewCase(order_no=orders[1].order_no, unit_ids=(unit,), reason="does_not_work", words="卡密提示无效")
            async with writing(shop.engine) as session:
                await cards.reveal(session, shop.vault, customer.id, unit)
                case = await opening.open_case(session, shop.vault, customer.id, new, (), shop.zone)
            waiting[width] = Waiting(orders[0].order_no, str(case.id), orders[2].order_no)

    return stocked


def test_an_operators_whole_day_wide_and_on_a_phone_without_javascript(
    browser: Browser,
    served_shop: ServedShop,
    waiting: dict[int, Waiting],
    watched: Callable[..., Watched],
) -> None:
    for width in WIDTHS:
        context = browser.new_context(
            base_url=served_shop.url,
            viewport={"width": width, "height": 900},
            locale="en-GB",
            java_script_enabled=width == max(WIDTHS),
        )
        tab = watched(context)
        _day(tab.page, width, waiting[width])
        assert tab.complaints == []
        context.close()


def _day(page: Page, width: int, waits: Waiting) -> None:
    steps.log_in(page, "/desk/log-in", "owner@example.com")
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    _import(page, f"DAY{width}")
    _sell(page, f"tea-{width}")
    _deliver(page, waits.by_hand)
    _close_case(page, waits.case)
    _refund(page, waits.to_refund)
    _export(page, waits)
    page.goto("/desk/acts")
    for act in ACTS:
        expect(page.get_by_role("row", name=act).first).to_be_visible()
    steps.sound(page)


def _import(page: Page, prefix: str) -> None:
    """The first file has a code twice and an empty one; mended, it is taken."""
    page.goto("/desk/cards/import")
    page.get_by_label("SKU").select_option("GAME")
    page.get_by_label("Cost of the whole batch").fill("12.01")
    _choose(page, f"code\n{prefix}-0001\n{prefix}-0001\n,\n".replace(",", '""'))
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("The same code as in row 2.")).to_be_visible()
    steps.sound(page)
    mended = f"code\n{prefix}-0001\n{prefix}-0002\n"
    _choose(page, mended)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("Can be imported")).to_be_visible()
    if page.get_by_text("Choose the same file again above").count():
        _choose(page, mended)
    page.get_by_role("button", name="Import 2 codes").click()
    expect(page.get_by_role("status")).to_contain_text("In stock: 2")
    assert f"{prefix}-000" not in page.content()
    steps.sound(page)


def _choose(page: Page, content: str) -> None:
    file = {"name": "cards.csv", "mimeType": "text/csv", "buffer": content.encode()}
    page.get_by_label("File").set_input_files(file)


def _sell(page: Page, slug: str) -> None:
    """A product with a SKU and a picture goes on sale; then its price changes."""
    page.goto("/desk/products/new")
    page.get_by_label("Short name in addresses").fill(slug)
    page.get_by_label("Title in Chinese").fill(f"茶卡 {slug}")
    page.get_by_label("Title in English").fill(f"Tea card {slug}")
    page.get_by_role("button", name="Create the product as a draft").click()
    form = page.locator("form[action$='/skus']")
    for name, value in (
        ("Code", slug.upper()),
        ("Name in Chinese", "二十元"),
        ("Name in English", "20"),
        ("Price", "20"),
    ):
        form.get_by_label(name, exact=True).fill(value)
    form.get_by_role("button").click()
    page.locator("summary", has_text="Picture").click()
    page.get_by_label("JPEG, PNG or WebP").set_input_files(
        {"name": "tea.jpg", "mimeType": "image/jpeg", "buffer": picture(640, 480)}
    )
    page.get_by_role("button", name="Show this picture").click()
    page.get_by_role("button", name="Publish").click()
    page.get_by_label("New price").fill("18.50")
    page.get_by_role("button", name="Set the price").click()
    expect(page.get_by_role("listitem").or_(page.get_by_role("cell")).filter(has_text="¥18.50").first).to_be_visible()
    steps.sound(page)
    page.get_by_role("link", name="See it in the shop").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Tea card")
    expect(page.locator("img.shot").first).to_be_visible()


def _deliver(page: Page, order_no: str) -> None:
    page.goto("/desk/orders?waits_for=manual")
    steps.sound(page)
    page.get_by_role("link", name=order_no).click()
    page.locator("summary", has_text="Deliver").click()
    page.locator("form[action$='/deliver'] textarea").fill("Account li, done")
    page.locator("form[action$='/deliver'] button").click()
    expect(page.get_by_role("status")).to_have_text("Delivered; only the customer can open it.")


def _close_case(page: Page, case: str) -> None:
    page.goto("/desk/aftersales")
    page.locator(f"a[href='/desk/aftersales/{case}']").first.click()
    page.get_by_label("Write to the customer").fill("We look into it.")
    page.get_by_role("button", name="Answer", exact=True).click()
    expect(page.get_by_text("We look into it.")).to_be_visible()
    page.locator("summary", has_text="Refund").click()
    page.locator("form[action$='/decide/refund'] button").click()
    expect(page.get_by_role("status")).to_have_text("The refund is granted; the customer is told.")
    steps.sound(page)


def _refund(page: Page, order_no: str) -> None:
    page.goto(f"/desk/orders/{order_no}")
    page.get_by_role("link", name="Refund", exact=True).click()
    page.get_by_label("Choose unit 1.1").check()
    page.get_by_label("Reason, kept on record").fill("bought twice")
    page.get_by_role("button", name="See what would happen").click()
    expect(page.get_by_role("heading", name="¥10.00 would go back")).to_be_visible()
    page.get_by_role("button", name="Refund now").click()
    expect(page.get_by_text("Refund on its way").first).to_be_visible()


def _export(page: Page, waits: Waiting) -> None:
    page.goto("/desk/orders")
    with page.expect_download() as taken:
        page.get_by_role("button", name="CSV").click()
    content = taken.value.path().read_text()
    assert all(order_no in content for order_no in (waits.by_hand, waits.to_refund))
