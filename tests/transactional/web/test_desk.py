"""What staff do at the desk: credit once, import whole or not at all, and only what their role allows."""

from uuid import uuid4

import httpx
import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.small_shop import Stocked
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import HTML, credit, enter_desk, import_cards, register, send, visit

pytestmark = pytest.mark.anyio


async def test_the_desk_is_for_staff_only(stocked: Stocked, fresh_database: DatabaseUrls) -> None:
    async with Client(stocked.shop, fresh_database) as client:
        await register(client)
        for address in ("/desk", "/desk/wallets", "/desk/cards", "/desk/products"):
            answer = await client.get(address, headers=HTML)
            assert answer.headers["location"].startswith("/desk/log-in?next=%2Fdesk"), address


async def test_an_auditor_looks_and_changes_nothing(stocked: Stocked, fresh_database: DatabaseUrls) -> None:
    async with Client(stocked.shop, fresh_database) as client:
        await enter_desk(client, stocked.shop, "auditor")
        await visit(client, "/desk")
        await visit(client, "/desk/products")
        price = await send(client, "/desk/products/steam-50/price", sku_code="STEAM-50", price="1")
        money = await send(
            client, "/desk/wallets", email="x@example.com", amount="1", source="bank", idempotency_key="12345678"
        )
        cards = await import_cards(client, b"A", sku="STEAM-50")
        assert [answer.status_code for answer in (price, money, cards)] == [403, 403, 403]
    assert await stocked.rows("select count(*) from shop.price") == [(1,)]


async def test_a_buyer_brings_codes_in_but_sets_no_prices_and_gives_no_money(
    stocked: Stocked, fresh_database: DatabaseUrls
) -> None:
    async with Client(stocked.shop, fresh_database) as client:
        await enter_desk(client, stocked.shop, "buyer")
        price = await send(client, "/desk/products/steam-50/price", sku_code="STEAM-50", price="1")
        state = await send(client, "/desk/products/steam-50/state", publish_state="withdrawn")
        money = await send(
            client, "/desk/wallets", email="x@example.com", amount="1", source="bank", idempotency_key="12345678"
        )
        cards = await import_cards(client, b"A", sku="STEAM-50")
        assert [answer.status_code for answer in (price, state, money, cards)] == [403, 403, 403, 303]
    assert await stocked.rows("select count(*) from shop.price") == [(1,)]


async def test_a_state_that_no_form_offers_is_refused(stocked: Stocked, fresh_database: DatabaseUrls) -> None:
    async with Client(stocked.shop, fresh_database) as client:
        await enter_desk(client, stocked.shop)
        assert (await send(client, "/desk/products/steam-50/state", publish_state="sold")).status_code == 422


async def test_a_credit_form_sent_twice_credits_once(stocked: Stocked, fresh_database: DatabaseUrls) -> None:
    async with Client(stocked.shop, fresh_database) as client:
        await register(client)
        await enter_desk(client, stocked.shop)
        key = (await visit(client, "/desk/wallets")).fields["idempotency_key"]
        first = await credit(client, "li@example.com", "1,234.56", idempotency_key=key)
        second = await credit(client, "li@example.com", "1,234.56", idempotency_key=key)
        assert "¥1,234.56 credited to li@example.com" in Seen(first.text).text
        assert "it credited once" in Seen(second.text).text
        wallet = await visit(client, "/wallet")
    assert wallet.text.count("+¥1,234.56") == 1
    assert "Credit for money received" in wallet.text


async def test_what_cannot_be_credited_is_said_beside_its_field(stocked: Stocked, fresh_database: DatabaseUrls) -> None:
    async with Client(stocked.shop, fresh_database) as client:
        await enter_desk(client, stocked.shop)
        fraction = await credit(client, "nobody@example.com", "1.234")
        nobody = await credit(client, "nobody@example.com", "1.23")
        negative = await credit(client, "nobody@example.com", "-5")
    assert "Not an amount" in Seen(fraction.text).text
    assert "No customer has this e-mail address" in Seen(nobody.text).text
    assert "Must be between" in Seen(negative.text).text
    assert fraction.status_code == nobody.status_code == negative.status_code == 422


async def test_a_product_is_made_priced_and_published_at_the_desk(
    stocked: Stocked, fresh_database: DatabaseUrls
) -> None:
    async with Client(stocked.shop, fresh_database) as client:
        await enter_desk(client, stocked.shop)
        await _filled(client, "/desk/categories/new", slug="gifts", name_zh="礼品", name_en="Gifts", position="3")
        product = {
            "category_slug": "gifts",
            "slug": "tea-card",
            "kind": "card_code",
            "title_zh": "茶卡",
            "title_en": "Tea card",
        }
        made = await _filled(client, "/desk/products/new", **product)
        assert made.headers["location"] == "/desk/products/tea-card?done=product"
        assert (await client.get("/products/tea-card", headers=HTML)).status_code == 404
        sku = {"code": "TEA-20", "name_zh": "20 元", "name_en": "20 yuan", "list_price": "20"}
        await _filled(client, "/desk/products/tea-card/skus", **sku)
        await _filled(client, "/desk/products/tea-card/price", sku_code="TEA-20", price="18.50")
        await _filled(client, "/desk/products/tea-card/state", publish_state="published")
        assert "Tea card" in (await visit(client, "/categories/gifts")).text
        assert "¥18.50" in (await visit(client, "/desk/products/tea-card")).text
        twice = await _filled(client, "/desk/products/new", **product)
        assert twice.status_code == 422
        assert "already in use" in Seen(twice.text).text
        wrong = await _filled(client, "/desk/products/new", **{**product, "slug": "Tea Card!", "title_en": ""})
        assert "Has characters that are not allowed here" in Seen(wrong.text).text
        assert "Must not be empty" in Seen(wrong.text).text


async def _filled(client: Client, address: str, **form: str) -> httpx.Response:
    """A form that was opened just now: no other has its key."""
    return await send(client, address, **form, idempotency_key=str(uuid4()))
