"""One order through the JSON API alone: staff open the shop, a customer buys and reveals; codes leak nowhere."""

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client, log_in_customer, log_in_staff
from tests.transactional.small_shop import all_text
from transactional.shop import Shop

pytestmark = pytest.mark.anyio

CODE = "WXYZ-1234-PLAIN"
PIN = "PIN-998877"


async def open_shop_by_api(staff: Client) -> str:
    """Category, product, SKU at ¥50 and one code at a cost of ¥40; returns the SKU's id."""
    await staff.command("/staff/categories", {"slug": "games", "name_zh": "游戏", "name_en": "Games"})
    product = {"category_slug": "games", "slug": "steam", "title_zh": "点卡", "title_en": "Steam card"}
    await staff.command("/staff/products", product)
    sku = {"product_slug": "steam", "code": "STEAM-50", "name_zh": "50 元", "name_en": "50", "list_price_fen": 4500}
    sku_id = (await staff.command("/staff/skus", sku)).json()["id"]
    assert (await staff.command("/staff/prices", {"sku_code": "STEAM-50", "list_price_fen": 5000})).status_code == 201
    await staff.command("/staff/products/steam/publish-state", {"publish_state": "published"})
    batch = await staff.post(
        "/api/v1/staff/card-batches",
        files={"file": ("codes.csv", f"code,secret\n{CODE},{PIN}\n".encode(), "text/csv")},
        data={"sku_code": "STEAM-50", "total_cost_fen": "4000", "supplier_name": "S"},
        headers={"idempotency-key": "batch-1"},
    )
    assert batch.status_code == 201, batch.text
    return str(sku_id)


async def test_a_code_goes_from_the_suppliers_file_to_its_buyer_and_nowhere_else(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    seen: list[str] = []

    async def keep(response: object) -> None:
        await response.aread()  # type: ignore[attr-defined]
        seen.append(response.text)  # type: ignore[attr-defined]

    async with Client(shop, fresh_database) as staff, Client(shop, fresh_database) as shopper:
        staff.event_hooks["response"] = shopper.event_hooks["response"] = [keep]
        await log_in_staff(staff, shop)
        sku_id = await open_shop_by_api(staff)
        await log_in_customer(shopper, "li@example.com")
        credit = {"customer_email": "li@example.com", "amount_fen": 20000, "source": "bank"}
        assert (await staff.command("/staff/wallet-credits", credit)).json()["balance_fen"] == 20000

        [card] = (await shopper.read("/products?q=steam")).json()["items"]
        assert (card["from_price_fen"], card["stock"]) == (5000, 1)
        placed = (await shopper.command("/orders", {"sku_id": sku_id, "quantity": 1})).json()
        assert (placed["state"], placed["net_fen"], placed["balance_fen"]) == ("delivered", 5000, 15000)
        order = (await shopper.read(f"/orders/{placed['order_no']}")).json()
        [unit] = order["items"][0]["units"]
        assert (unit["is_revealable"], unit["first_revealed_at"]) == (True, None)
        assert (await staff.read("/staff/orders")).json()["total"] == 1
        books = (await staff.read("/staff/ledger")).json()
        assert books["findings"] == {"total_fen": 0, "unbalanced_transactions": 0, "wallets_that_differ": 0}
        assert {account["code"]: account["balance_fen"] for account in books["accounts"]} == {
            "bank": 20000,
            "card_inventory": 0,
            "customer_wallet": -15000,
            "unearned_sales": 0,
            "supplier_payable": -4000,
            "sales": -5000,
            "cogs": 4000,
        }

        before = "\n".join(seen)
        assert CODE not in before
        assert PIN not in before
        revealed = (await shopper.command(f"/fulfilments/{unit['id']}/reveals", key="show")).json()
        assert (revealed["code"], revealed["secret"]) == (CODE, PIN)
        again = (await shopper.command(f"/fulfilments/{unit['id']}/reveals", key="show")).json()
        assert again == revealed

    everything = await all_text(fresh_database)
    assert "STEAM-50" in everything
    for secret in (CODE, PIN, CODE.encode().hex(), PIN.encode().hex()):
        assert secret not in everything


async def test_nobody_elses_code_can_be_revealed_or_order_seen(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as staff, Client(shop, fresh_database) as owner:
        await log_in_staff(staff, shop)
        sku_id = await open_shop_by_api(staff)
        await log_in_customer(owner, "li@example.com")
        await staff.command(
            "/staff/wallet-credits", {"customer_email": "li@example.com", "amount_fen": 5000, "source": "goodwill"}
        )
        placed = (await owner.command("/orders", {"sku_id": sku_id})).json()
        [unit] = (await owner.read(f"/orders/{placed['order_no']}")).json()["items"][0]["units"]
        async with Client(shop, fresh_database) as thief:
            reveal = f"/fulfilments/{unit['id']}/reveals"
            assert (await thief.command(reveal)).status_code == 401
            assert (await staff.command(reveal)).status_code == 401
            await log_in_customer(thief, "wang@example.com")
            assert (await thief.command(reveal)).status_code == 404
            assert (await thief.read(f"/orders/{placed['order_no']}")).status_code == 404
            assert (await thief.read("/orders")).json() == {"items": [], "total": 0}
