"""What shoppers see and can do: every page in both languages, buying once, a code shown only when asked for."""

import pytest
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import PASSWORD, Client
from tests.transactional.small_shop import Stocked, codes
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import HTML, credit, enter_desk, register, send, visit
from transactional.catalogue import service as catalogue
from transactional.catalogue.schemas import NewPrice, NewProduct
from transactional.db import writing
from transactional.shop import Shop

pytestmark = pytest.mark.anyio

TITLES = {
    "/": ("卡密与兑换券", "Card codes and vouchers"),
    "/categories/c-steam-50": ("游戏", "Games"),
    "/search?q=card": ("搜索：card", "Search: card"),
    "/search?q=nothing": ("搜索：nothing", "Search: nothing"),
    "/products/steam-50": ("点卡", "Card"),
    "/help": ("帮助与退款规则", "Help and refund rules"),
    "/orders": ("我的订单", "My orders"),
    "/wallet": ("钱包", "Wallet"),
    "/account": ("我的", "Account"),
    "/desk": ("今日", "Today"),
    "/desk/orders": ("订单", "Orders"),
    "/desk/log-in": ("员工登录", "Staff log-in"),
    "/desk/wallets": ("钱包入账", "Credit a wallet"),
    "/desk/cards": ("卡密", "Card codes"),
    "/desk/products": ("商品与价格", "Products and prices"),
    "/desk/products/new": ("新建商品", "New product"),
    "/desk/categories/new": ("新建分类", "New category"),
    "/desk/products/steam-50": ("点卡", "Card"),
}


async def bought(client: Client, stocked: Stocked, quantity: int = 1) -> str:
    """The address of an order bought through the checkout form."""
    page = await visit(client, f"/checkout?sku={stocked.sku.id}&quantity={quantity}")
    answer = await send(client, "/checkout", **page.fields)
    assert answer.status_code == 303, Seen(answer.text).text
    return answer.headers["location"]


async def test_every_page_speaks_both_languages_and_breaks_no_rule_of_its_policy(
    stocked: Stocked, fresh_database: DatabaseUrls
) -> None:
    await stocked.stock(codes(3))
    async with Client(stocked.shop, fresh_database) as client:
        anonymous = [("/log-in", ("登录", "Log in")), ("/register", ("注册账户", "Create an account"))]
        for address, titles in anonymous:
            assert (await visit(client, address)).title.startswith(titles[1])
        await register(client)
        await enter_desk(client, stocked.shop)
        await credit(client, "li@example.com", "500")
        order = await bought(client, stocked)
        addresses = {
            **TITLES,
            order: ("订单 ", "Order "),
            f"/checkout?sku={stocked.sku.id}": ("结算", "Checkout"),
            f"/checkout?sku={stocked.sku.id}&quantity=100": ("结算", "Checkout"),
        }
        for address, titles in addresses.items():
            for title, language, tag in zip(titles, ("zh_CN", "en"), ("zh-CN", "en"), strict=True):
                seen = await visit(client, address, cookie=_cookies(client, language))
                assert seen.title.startswith(title), f"{address} in {language}: {seen.title}"
                assert seen.language == tag
                assert len(seen.headings) == 1, f"{address}: {seen.headings}"
                assert seen.faults == [], f"{address}: {seen.faults}"


def _cookies(client: Client, language: str) -> str:
    kept = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    return f"{kept}; mingsuan_language={language}"


async def test_pages_forbid_every_script_and_style_but_their_own(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        policy = (await client.get("/", headers=HTML)).headers["content-security-policy"]
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"


async def test_hostile_titles_are_text(stocked: Stocked, fresh_database: DatabaseUrls) -> None:
    hostile = '"><script>alert(1)</script>'
    new = NewProduct(
        category_slug="c-steam-50",
        slug="hostile",
        title_zh=hostile,
        title_en=hostile,
        description_en=hostile,
        tutorial_en=hostile,
        publish_state="published",
    )
    async with writing(stocked.shop.engine) as session:
        await catalogue.add_product(session, new)
    async with Client(stocked.shop, fresh_database) as client:
        for address in ("/", "/products/hostile", "/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"):
            seen = await visit(client, address)
            assert seen.faults == [], address
            assert hostile in seen.text, address


async def test_a_code_is_in_no_page_until_its_owner_asks_and_then_in_that_answer_only(
    stocked: Stocked, fresh_database: DatabaseUrls
) -> None:
    await stocked.stock(["FIRST-CODE-0001"])
    async with Client(stocked.shop, fresh_database) as client:
        await register(client)
        await enter_desk(client, stocked.shop)
        await credit(client, "li@example.com", "500")
        order = await bought(client, stocked)
        hidden = await client.get(order, headers=HTML)
        shown = await send(client, f"{order}/reveal", unit=Seen(hidden.text).fields["unit"])
        again = await client.get(order, headers=HTML)
        assert "FIRST-CODE-0001" in Seen(shown.text).text
        assert shown.headers["cache-control"] == "no-store"
        assert "First shown" in again.text
        elsewhere = [await client.get(address, headers=HTML) for address in ("/orders", "/wallet", "/desk")]
        for page in (hidden, again, *elsewhere):
            assert page.status_code == 200
            assert "FIRST-CODE" not in page.text


async def test_other_peoples_orders_and_codes_are_not_there(stocked: Stocked, fresh_database: DatabaseUrls) -> None:
    await stocked.stock(codes(1))
    async with Client(stocked.shop, fresh_database) as owner, Client(stocked.shop, fresh_database) as other:
        await register(owner)
        await enter_desk(owner, stocked.shop)
        await credit(owner, "li@example.com", "50")
        order = await bought(owner, stocked)
        unit = (await visit(owner, order)).fields["unit"]
        await register(other, "han@example.com")
        for answer in (await other.get(order, headers=HTML), await send(other, f"{order}/reveal", unit=unit)):
            assert answer.status_code == 404
            assert Seen(answer.text).headings == ["Not found"]


async def test_a_checkout_form_sent_twice_buys_once_and_never_at_another_price(
    stocked: Stocked, fresh_database: DatabaseUrls
) -> None:
    await stocked.stock(codes(5))
    async with Client(stocked.shop, fresh_database) as client:
        await register(client)
        await enter_desk(client, stocked.shop)
        await credit(client, "li@example.com", "500")
        form = (await visit(client, f"/checkout?sku={stocked.sku.id}&quantity=2")).fields
        first, second = await send(client, "/checkout", **form), await send(client, "/checkout", **form)
        assert first.headers["location"] == second.headers["location"]
        stale = (await visit(client, f"/checkout?sku={stocked.sku.id}")).fields
        async with writing(stocked.shop.engine) as session:
            await catalogue.set_price(session, NewPrice(sku_code=stocked.sku.code, list_price_fen=6000))
        refused = await send(client, "/checkout", **stale)
        assert refused.status_code == 409
        assert Seen(refused.text).fields["total_fen"] == "6000"
        assert Seen(refused.text).fields["idempotency_key"] != stale["idempotency_key"]
    assert await stocked.rows("select count(*), sum(net_fen) from shop.orders") == [(1, 10000)]


async def test_a_short_wallet_is_told_by_how_much_and_offers_no_pay_button(
    stocked: Stocked, fresh_database: DatabaseUrls
) -> None:
    await stocked.stock(codes(1))
    async with Client(stocked.shop, fresh_database) as client:
        await register(client)
        await enter_desk(client, stocked.shop)
        await credit(client, "li@example.com", "20")
        seen = await visit(client, f"/checkout?sku={stocked.sku.id}")
    assert "¥30.00 short" in seen.text
    assert "idempotency_key" not in seen.fields


async def test_a_stranger_logs_in_first_and_comes_back_but_never_to_another_site(
    stocked: Stocked, fresh_database: DatabaseUrls
) -> None:
    async with Client(stocked.shop, fresh_database) as client:
        sent_away = await client.get("/wallet?page=1", headers=HTML)
        assert sent_away.headers["location"] == "/log-in?next=%2Fwallet%3Fpage%3D1"
        await register(client)
        await send(client, "/log-out")
        back = await send(client, "/log-in", identifier="li@example.com", password=PASSWORD, next="/wallet?page=1")
        assert back.headers["location"] == "/wallet?page=1"
        for foreign in ("https://evil.test/", "//evil.test", "/\\evil.test", "/\t/evil.test"):
            answer = await send(client, "/log-in", identifier="li@example.com", password=PASSWORD, next=foreign)
            assert answer.headers["location"] == "/", foreign
        wrong = await send(client, "/log-in", identifier="li@example.com", password="not the password", next="/")
        assert wrong.status_code == 401
        assert "E-mail address and password do not match." in Seen(wrong.text).text


async def test_refusals_of_pages_are_pages_and_simulated_history_is_marked(
    stocked: Stocked, fresh_database: DatabaseUrls
) -> None:
    async with Client(stocked.shop, fresh_database) as client:
        missing = await client.get("/products/nothing", headers=HTML)
        assert missing.status_code == 404
        assert Seen(missing.text).headings == ["Not found"]
        assert "Simulated data" not in (await visit(client, "/")).text
        async with writing(stocked.shop.engine) as session:
            await session.execute(
                text("insert into shop.customer (source, external_ref) values ('simulation', 'someone')")
            )
        assert "Simulated data" in (await visit(client, "/")).text


async def test_language_and_appearance_are_chosen_by_form_and_kept(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        answer = await send(client, "/preferences", language="zh_CN", theme="dark", next="/help")
        assert answer.headers["location"] == "/help"
        page = await client.get("/help", headers=HTML)
        assert '<html lang="zh-CN" data-theme="dark">' in page.text
        await send(client, "/preferences", theme="auto")
        assert '<html lang="zh-CN">' in (await client.get("/help", headers=HTML)).text


async def test_searching_while_typing_and_quoting_answer_with_the_part_that_changes(
    stocked: Stocked, fresh_database: DatabaseUrls
) -> None:
    await stocked.stock(codes(3))
    async with Client(stocked.shop, fresh_database) as client:
        found = await client.get("/search?q=card", headers={"hx-request": "true"})
        assert found.text.lstrip().startswith('<div id="found"')
        assert "1 product for “card”" in found.text
        quote = await client.get(f"/products/steam-50/quote?sku={stocked.sku.id}&quantity=3")
        assert "¥150.00" in Seen(quote.text).text
        refused = await client.get("/products/nothing/quote", headers={"hx-request": "true"})
        assert refused.headers["hx-reswap"] == "innerHTML"
        assert refused.text.strip().startswith('<div class="note bad" role="alert">')
