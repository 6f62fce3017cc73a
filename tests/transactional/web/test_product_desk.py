"""Editing what is sold at the desk: each change once, on record, and seen in the shop."""

from io import BytesIO

import pytest
from PIL import Image

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.orders.goods import Market
from tests.transactional.web.visits import enter_desk, send, visit
from transactional.shop import Shop

pytestmark = pytest.mark.anyio


def picture(width: int = 1600, height: int = 900) -> bytes:
    """A JPEG that says where it was taken."""
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (width, height), "teal").save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.mark.usefixtures("cheap_hashing")
async def test_an_operators_changes_happen_once_are_on_record_and_show_in_the_shop(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    market = Market(shop)
    await market.sku("A")
    await market.sku("B")
    await market.sku("P", "bundle", 1500)
    await market.stock("A", 2)
    async with Client(shop, fresh_database, **{"accept-language": "zh-CN"}) as client:
        await enter_desk(client, shop, "operator")
        texts = {"title_zh": "新名", "title_en": "New name", "category_slug": "c-b", "description_zh": "<b>好</b>"}
        for address, form in (
            ("/desk/products/a/texts", texts),
            ("/desk/products/a/skus/A", {"name_zh": "一", "name_en": "One", "max_per_order": "3"}),
            ("/desk/products/a/price", {"sku_code": "A", "price": "12.34"}),
            ("/desk/products/a/price", {"sku_code": "A", "price": "20", "begins": "2999-01-01T08:00"}),
            ("/desk/products/p/skus/P/parts", {"parts": "A 1\nB 2"}),
            ("/desk/categories/c-b", {"name_zh": "乙", "name_en": "Second", "position": "-1"}),
        ):
            key = f"{address}-{len(form)}-{form.get('begins', '')}".replace("/", "-")
            for _ in range(2):
                answer = await send(client, address, idempotency_key=key, **form)
                assert answer.status_code == 303, answer.text
        for _ in range(2):
            sent = {"files": {"picture": ("a.jpg", picture(), "image/jpeg")}, "data": {"idempotency_key": "picture-1"}}
            assert (await client.post("/desk/products/a/picture", **sent)).status_code == 303
        shown = await visit(client, "/products/a")
        assert "新名" in shown.text
        assert "<b>好</b>" in shown.text
        assert "¥12.34" in shown.text
        assert "乙" in shown.text
        desk = await visit(client, "/desk/products/a")
        assert "待生效" in desk.text
        [sha] = [row[0] for row in await market.rows("select encode(sha256, 'hex') from shop.product_picture")]
        wide = await client.get(f"/pictures/{sha}/wide.webp")
        with Image.open(BytesIO(wide.content)) as made:
            assert (made.format, made.size) == ("WEBP", (1200, 675))
            assert not made.getexif()
        assert (await client.get(f"/pictures/{'0' * 64}/small.webp")).status_code == 404
        assert (await client.get("/pictures/nothing/small.webp")).status_code == 404
    acts = await market.rows("select act, subject from shop.staff_act order by id")
    assert acts == [
        ("change_product", "product:a"),
        ("change_sku", "sku:A"),
        ("set_price", "sku:A"),
        ("set_price", "sku:A"),
        ("set_parts", "sku:P"),
        ("change_category", "category:c-b"),
        ("set_picture", "product:a"),
    ]
    assert await market.one("select count(*) from shop.price where list_price_fen in (1234, 2000)") == 2


@pytest.mark.usefixtures("cheap_hashing")
@pytest.mark.parametrize("content", [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture()[:200]])
async def test_what_is_no_picture_is_refused_with_the_reason(
    shop: Shop, fresh_database: DatabaseUrls, content: bytes
) -> None:
    market = Market(shop)
    await market.sku("A")
    async with Client(shop, fresh_database, **{"accept-language": "zh-CN"}) as client:
        await enter_desk(client, shop, "operator")
        sent = {"files": {"picture": ("a.jpg", content, "image/jpeg")}, "data": {"idempotency_key": "picture-1"}}
        answer = await client.post("/desk/products/a/picture", **sent)
        assert answer.status_code == 422
        assert "这不是 JPEG、PNG 或 WebP 图片。" in answer.text
    assert await market.one("select count(*) from shop.product_picture") == 0


@pytest.mark.usefixtures("cheap_hashing")
async def test_a_form_is_asked_as_it_was_written(shop: Shop, fresh_database: DatabaseUrls) -> None:
    market = Market(shop)
    await market.sku("S", "manual_service")
    form = {
        "field_name": ["server", "account", ""],
        "field_zh": ["区服", "账号", ""],
        "field_en": ["Server", "", ""],
        "field_kind": ["select", "text", "text"],
        "field_options": ["一区\n二区", "", ""],
        "field_required": ["0"],
    }
    async with Client(shop, fresh_database, **{"accept-language": "zh-CN"}) as client:
        await enter_desk(client, shop, "operator")
        answer = await send(client, "/desk/products/s/form", idempotency_key="form-0001", **form)
        assert answer.status_code == 303, answer.text
        bad = await send(
            client, "/desk/products/s/form", idempotency_key="form-0002", **{**form, "field_kind": "phone"}
        )
        assert bad.status_code == 422
    [fields] = [row[0] for row in await market.rows("select delivery_form from shop.product")]
    assert [(each["name"], each["label_en"], each["required"], each["options"]) for each in fields] == [
        ("server", "Server", True, ["一区", "二区"]),
        ("account", "账号", False, []),
    ]
