"""A shopper's whole way: searched, paid with WeChat, delivered, shown, activated, complained of, refunded, invoiced."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from mingsuan.postgres import DatabaseUrls
from tests.journeys.conftest import started
from tests.journeys.steps import PASSWORD, sound
from tests.journeys.street import Street, news_are_told, opened_street
from tests.transactional.aftersales.test_evidence import picture
from tests.transactional.web.test_static_files import FIRST_LOAD_BYTES

pytestmark = [pytest.mark.proof, pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.xdist_group("journeys")]
PHONE = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
)
CODE = re.compile(r"\b\d{6}\b")
LOOKS = 150
"""Twice a second: the worker tells of orders once a minute."""
LARGEST_PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
    const last = list.getEntries().at(-1);
    resolve({ms: last.startTime, what: last.element?.tagName ?? ''});
}).observe({type: 'largest-contentful-paint', buffered: true}))"""
LOADED = """() => performance.getEntriesByType('resource').filter((each) => /[.](css|js)\\b/.test(each.name))
    .reduce((sum, each) => sum + each.encodedBodySize, 0)"""


@pytest.fixture(scope="module")
def street(module_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with opened_street(module_database, tmp_path_factory.mktemp("street")) as opened:
        yield opened


@pytest.fixture(scope="module")
def chrome(chromium: str, street: Street) -> Iterator[Browser]:
    """Started after the shop: while it runs, this thread's event loop is its own."""
    with started(chromium) as running:
        yield running


@pytest.mark.proof
def test_on_a_phone(chrome: Browser, street: Street) -> None:
    with _browsing(chrome, street, 390, user_agent=PHONE, has_touch=True) as page:
        _first_visit(page, street)
        _whole_way(page, street, "phone@example.com")


@pytest.mark.proof
def test_on_a_phone_without_scripts(chrome: Browser, street: Street) -> None:
    with _browsing(chrome, street, 390, user_agent=PHONE, java_script_enabled=False) as page:
        _whole_way(page, street, "plain@example.com", scripts=False)


@pytest.mark.proof
def test_on_a_computer_beside_a_phone_that_scans(chrome: Browser, street: Street) -> None:
    with _browsing(chrome, street, 1440) as page:
        _first_visit(page, street)
        _whole_way(page, street, "desk@example.com", scans=True)


@contextmanager
def _browsing(chrome: Browser, street: Street, width: int, **more: object) -> Iterator[Page]:
    """A tab that knows nothing yet; its pages ask nobody but their own host, and its console has no complaint."""
    complaints, foreign = list[str](), list[str]()

    def asked(request: Request) -> None:
        hosts = {urlsplit(url).netloc for url in (request.url, request.frame.url)}
        if not request.is_navigation_request() and len(hosts) > 1:
            foreign.append(request.url)

    options: dict[str, object] = {"viewport": {"width": width, "height": 844 if width < 500 else 900}, **more}
    context = chrome.new_context(base_url=street.shop.url, locale="zh-CN", **options)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    expect.set_options(timeout=10_000)
    context.on("request", asked)
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []
    assert foreign == []
    context.close()


def _first_visit(page: Page, street: Street) -> None:
    """The home page in a browser that knows nothing yet: how soon it is there, how large, from whom."""
    page.request.get("/")  # the shop has been up for a while
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/", wait_until="networkidle")
    paint, loaded = page.evaluate(LARGEST_PAINT), page.evaluate(LOADED)
    print(  # noqa: T201  (the figures are the point)
        f"home page at {page.evaluate('innerWidth')} px: largest paint ({paint['what']}) after {paint['ms']:.0f} ms,"
        f" {loaded / 1000:.1f} kB of styles and scripts"
    )
    assert 0 < loaded <= FIRST_LOAD_BYTES
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(street.shop.url).netloc}


def _whole_way(page: Page, street: Street, email: str, *, scripts: bool = True, scans: bool = False) -> None:
    _register(page, street, email)
    _choose(page)
    order = _pay(page, street, scans=scans)
    _show_one(page, scripts=scripts)
    _activate_it(page, street)
    _complain_and_think_better(page, order)
    _give_the_other_back(page, order)
    news_are_told(street.shop)
    _told_and_invoiced(page, order, email)


def _register(page: Page, street: Street, email: str) -> None:
    page.goto("/register")
    page.get_by_label("邮箱或手机号").fill(email)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="发送验证码").click()
    page.get_by_label("验证码").fill(_mailed_to(page.context, street, email))
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="注册账户").click()
    expect(page.get_by_role("link", name="我的", exact=True)).to_be_visible()


def _mailed_to(context: BrowserContext, street: Street, email: str) -> str:
    """The code out of the shopper's own mailbox, which looks for new mails by itself."""
    box = context.new_page()
    box.goto(f"{street.world.base_url}/mailbox")
    mail = box.locator("article", has_text=email).first
    mail.wait_for()
    found = CODE.search(mail.locator("pre").inner_text())
    box.close()
    assert found is not None
    return found.group()


def _choose(page: Page) -> None:
    """Two of a product that was searched for, by way of the cart."""
    page.goto("/")
    page.get_by_role("searchbox").fill("点卡")
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url("**/search?q=*")
    page.get_by_role("link", name="点卡", exact=True).click()
    page.get_by_label("数量").fill("2")
    page.get_by_role("button", name="加入购物车").click()
    page.get_by_role("link", name="去结算").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("结算")


def _pay(page: Page, street: Street, *, scans: bool) -> str:
    """The order's address. On a phone WeChat is opened by the page; elsewhere a phone scans what it shows."""
    page.locator("label.option", has_text="微信支付").click()
    page.get_by_role("button", name="支付 ¥100.00").click()
    expect(page.get_by_role("heading", level=2, name="微信支付")).to_be_visible()
    order = page.url.removesuffix("/pay")
    if scans:
        expect(page.locator("svg.qr")).to_be_visible()
        [trade] = [each for each in street.world.state.book.trades("wechat") if each.state == "waiting"]
        phone = page.context.new_page()
        phone.goto(street.world.state.cashier_url("wechat", trade.out_trade_no))
        phone.get_by_role("button", name="确认支付").click()
        expect(phone.get_by_text("已支付")).to_be_visible()
        phone.close()
        expect(page.get_by_role("heading", level=1)).to_have_text("已交付，归您所有", timeout=20_000)
    else:
        page.get_by_role("link", name="前往微信支付").click()
        page.get_by_role("button", name="确认支付").click()
        _look_until(page, order, "已交付，归您所有")
    return order


def _look_until(page: Page, address: str, words: str) -> None:
    """Looks again from time to time, as a person does whose browser runs no scripts."""
    for _ in range(LOOKS):
        page.goto(address)
        if page.get_by_text(words).count():
            return
        page.wait_for_timeout(500)
    expect(page.get_by_text(words).first).to_be_visible()


def _show_one(page: Page, *, scripts: bool) -> None:
    assert "REAL-CODE" not in page.content()
    page.get_by_role("button", name="查看卡密").first.click()
    expect(page.locator("code", has_text="REAL-CODE-")).to_have_count(1)
    expect(page.get_by_role("button", name="复制")).to_have_count(1 if scripts else 0)
    if scripts:
        sound(page)


def _activate_it(page: Page, street: Street) -> None:
    """From what was shown to its own page, to the provider, and back."""
    page.goto("/benefits?state=revealed")
    page.get_by_role("link", name="点卡", exact=True).click()
    page.get_by_role("button", name="模拟会员中心").click()
    page.wait_for_url(f"{street.world.base_url}/benefits/visits/*")
    page.get_by_role("button", name="登录并激活").click()
    expect(page.get_by_role("heading", level=2, name="生效中")).to_be_visible()


def _complain_and_think_better(page: Page, order: str) -> None:
    """A request with a picture, which is seen in it; then it is withdrawn."""
    _ask_for_help(page, order, unit=0, reason="卡密无法使用")
    page.get_by_label("请描述问题").fill("提示卡密无效")
    page.get_by_label("图片或 PDF").set_input_files(
        {"name": "screen.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(640, 480))}
    )
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("提示卡密无效")).to_be_visible()
    expect(page.locator("img.evidence")).to_be_visible()
    page.locator("summary", has_text="不需要售后了").click()
    page.get_by_role("button", name="撤销申请").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("撤销")


def _give_the_other_back(page: Page, order: str) -> None:
    """Not shown yet, so nobody has to look at it first: the money is on its way at once."""
    _ask_for_help(page, order, unit=1, reason="不想要了")
    page.get_by_role("button", name="确认退款 ¥50.00").click()
    expect(page.locator(".decided", has_text="¥50.00")).to_be_visible()
    _look_until(page, order, "已退款")


def _ask_for_help(page: Page, order: str, *, unit: int, reason: str) -> None:
    page.goto(f"{order}/help")
    page.get_by_role("checkbox").nth(unit).check()
    page.get_by_role("radio", name=reason).check()
    page.get_by_role("button", name="继续").click()


def _told_and_invoiced(page: Page, order: str, email: str) -> None:
    order_no = order.rpartition("/")[2]
    _look_until(page, "/notices", order_no)
    page.goto(f"/invoices?order={order_no}")
    page.get_by_role("radio").first.check()
    page.get_by_label("发票抬头").fill("李雷")
    page.get_by_label("接收邮箱").fill(email)
    page.get_by_role("button", name="申请开票").click()
    expect(page.get_by_text("¥50.00").first).to_be_visible()
