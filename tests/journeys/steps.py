"""The steps of a purchase in a real browser, each leaving its page where the next one starts; journeys string them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import Page, expect

from tests.journeys.conftest import ServedShop
from tests.transactional.accounts.sent_codes import last_code
from tests.transactional.small_shop import codes, one_sku
from tests.transactional.small_shop import stock as put_codes
from transactional.accounts import service as accounts
from transactional.db import engine, writing
from transactional.shop import Shop, open_shop

PASSWORD = "correct horse battery"
SMALLEST_TARGET_PX = 44

TOO_SMALL = f"""() => [...document.querySelectorAll('a, button, input, select, summary')]
    .filter((each) => each.checkVisibility() && each.type !== 'hidden' && !each.matches('.skip'))
    .filter((each) => !each.closest('.prose, p, h1, h2, h3, .small, .good-card, .secret, .entry'))
    .map((each) => each.closest('label') ?? each)
    .filter((each) => each.getBoundingClientRect().height < {SMALLEST_TARGET_PX} - 0.5)
    .map((each) => each.outerHTML.slice(0, 120))"""
WITHOUT_NAME = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea')]
    .filter((each) => !(each.textContent.trim() || each.getAttribute('aria-label') || each.labels?.length))
    .map((each) => each.outerHTML.slice(0, 120))"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def stock(shop: Shop) -> None:
    """One product at ¥50.00, two codes of it that cost ¥80.00, and the owner."""
    async with writing(shop.engine) as session:
        sku = await one_sku(session)
        await put_codes(session, shop, sku.code, codes(2, "REAL-CODE"), 8000)
        await accounts.add_staff(session, "owner@example.com", PASSWORD, "Owner", "owner")


def log_in(page: Page, address: str, email: str) -> None:
    page.goto(address)
    page.locator("#email, #identifier").fill(email)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form.card button").click()
    expect(page.locator("#password")).to_have_count(0)


def sound(page: Page) -> None:
    """One heading, landmarks, a language, names for everything, room for thumbs, nothing beside the screen."""
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == page.locator("header.top").count() == 1
    assert page.locator("html").get_attribute("lang") in ("zh-CN", "en")
    assert page.evaluate(WITHOUT_NAME) == []
    assert page.evaluate(OVERFLOW) == 0
    if page.viewport_size and page.viewport_size["width"] < 500:
        assert page.evaluate(TOO_SMALL) == []


def code_sent_to(target: str, shop: ServedShop) -> str:
    """The code on its way there, read in a thread: this one's event loop is the browser's."""

    async def read() -> str:
        source = engine(shop.urls.app)
        try:
            return await last_code(await open_shop(shop.settings, source), target)
        finally:
            await source.dispose()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, read()).result()


def register(page: Page, shop: ServedShop) -> None:
    """Opens an account with the code that was sent; without a worker it waits where a worker would find it."""
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    sound(page)
    page.goto("/register")
    sound(page)
    page.get_by_label("邮箱或手机号").fill("li@example.com")
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="发送验证码").click()
    expect(page.get_by_role("status")).to_contain_text("l***@example.com")
    sound(page)
    page.get_by_label("验证码").fill(code_sent_to("li@example.com", shop))
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="注册账户").click()
    expect(page.get_by_role("link", name="我的", exact=True)).to_be_visible()


def credit(page: Page) -> None:
    """The owner credits the shopper's wallet with ¥120.00 at the desk."""
    log_in(page, "/desk/log-in", "owner@example.com")
    sound(page)
    page.get_by_role("link", name="Wallets").click()
    page.locator("form[aria-labelledby=credit]").get_by_label("Customer's e-mail").fill("li@example.com")
    page.get_by_label("Amount").fill("120")
    page.get_by_role("radio", name="Received").check()
    page.get_by_role("button", name="Credit the wallet").click()
    expect(page.get_by_role("status")).to_contain_text("¥120.00 credited to li@example.com")
    sound(page)


def buy(page: Page) -> None:
    page.goto("/")
    page.get_by_role("searchbox").press_sequentially("点卡")
    expect(page.get_by_text("“点卡”共有 1 件商品")).to_be_visible()
    page.get_by_role("link", name="点卡").click()
    page.get_by_label("数量").fill("2")
    expect(page.locator("#quote")).to_contain_text("¥100.00")
    page.get_by_label("数量").fill("1")
    expect(page.locator("#quote")).to_contain_text("¥50.00")
    sound(page)
    page.get_by_role("button", name="立即购买").click()
    expect(page.get_by_text("余额 ¥120.00")).to_be_visible()
    sound(page)
    page.get_by_role("button", name="支付 ¥50.00").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已交付，归您所有")


def reveal_and_copy(page: Page) -> None:
    assert "REAL-CODE" not in page.content()
    sound(page)
    page.get_by_role("button", name="查看卡密").click()
    expect(page.locator("code").first).to_contain_text("REAL-CODE-000")
    page.get_by_role("button", name="复制").first.click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()").startswith("REAL-CODE-000")
    sound(page)
    page.goto("/wallet")
    expect(page.get_by_text("¥70.00").first).to_be_visible()
    sound(page)


def order_to_pay(page: Page, method: str) -> str:
    """Chooses the product and a gateway, and is shown how to pay; the order's own address."""
    page.goto("/")
    page.get_by_role("link", name="点卡").click()
    page.get_by_role("button", name="立即购买").click()
    page.locator("label.option", has_text=method).click()
    sound(page)
    page.get_by_role("button", name="支付 ¥50.00").click()
    expect(page.get_by_role("heading", level=2, name=method)).to_be_visible()
    sound(page)
    return page.url.removesuffix("/pay")
