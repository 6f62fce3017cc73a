"""Notices over HTTP: what is kept, what is answered, what changes; and the staff's view of it."""

import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client, log_in_customer, log_in_staff, new_email
from tests.transactional.payments.conftest import Till
from tests.transactional.small_shop import PRICE_FEN
from transactional.cards.keyring import data_key
from transactional.db import reading
from transactional.payments import notices_api
from transactional.payments.flood import KEPT_A_MINUTE
from transactional.payments.gateways.interface import Notice, RefusedNoticeError, Trade
from transactional.payments.notices import place

pytestmark = pytest.mark.anyio
ADDRESS = "/gateways/wechat/notices"


@pytest.fixture
def client(till: Till, fresh_database: DatabaseUrls) -> Client:
    return Client(till.shop, fresh_database)


async def send(client: Client, body: bytes = b"notice") -> int:
    """As a gateway does: no cookie, no origin."""
    client.headers.pop("sec-fetch-site", None)
    return (await client.post(ADDRESS, content=body)).status_code


async def test_an_authentic_notice_is_applied_kept_sealed_and_acknowledged(till: Till, client: Client) -> None:
    customer, order = await till.place()
    number = await till.number(await till.start(customer, order))
    till.gateway.notice = Notice("E1", Trade("paid", number, "T1", PRICE_FEN, clock.now()))
    assert [await send(client, b"who paid") for _ in range(2)] == [200, 200]
    rows = await till.rows(
        "select verdict, data_key_id, body_sha256, sealed_body from shop.payment_notification order by id"
    )
    assert [row[0] for row in rows] == ["applied", "duplicate"]
    async with reading(till.shop.engine) as session:
        key = await data_key(session, rows[0][1])
    assert till.shop.vault.open_bytes(key, place(bytes(rows[0][2])), bytes(rows[0][3])) == b"who paid"
    assert b"who paid" not in bytes(rows[0][3])
    assert await till.state(order) == "delivered"


@pytest.mark.parametrize("error", [RefusedNoticeError("bad_signature", "no"), ValueError("the adapter fell over")])
async def test_a_notice_that_cannot_be_trusted_is_refused_and_changes_nothing(
    till: Till, client: Client, error: Exception
) -> None:
    till.gateway.notice = error
    assert await send(client) == 401
    assert till.gateway.asked == []
    verdict = "bad_signature" if isinstance(error, RefusedNoticeError) else "malformed"
    assert await till.rows("select verdict, payment_id from shop.payment_notification") == [(verdict, None)]


async def test_a_flood_of_forged_notices_is_counted_not_kept(till: Till, client: Client) -> None:
    till.gateway.notice = RefusedNoticeError("bad_signature", "no")
    with clock.at(clock.now()):
        assert {await send(client) for _ in range(KEPT_A_MINUTE + 5)} == {401}
    assert await till.one("select count(*) from shop.payment_notification") == KEPT_A_MINUTE


async def test_a_notice_larger_than_any_is_refused_unread(till: Till, client: Client) -> None:
    assert await send(client, b"x" * (notices_api.LIMIT_BYTES + 1)) == 413
    assert await till.one("select count(*) from shop.payment_notification") == 0


async def test_when_the_shop_fails_to_apply_a_notice_the_gateway_is_told_to_come_again(
    till: Till, client: Client
) -> None:
    till.gateway.notice = Notice(
        "E1", Trade("paid", "strange", None, None)
    )  # no gateway sends it: it cannot be applied
    assert await send(client) == 500
    assert await till.one("select count(*) from shop.payment_notification") == 0


async def test_shoppers_and_staff_follow_a_payment_over_the_api(till: Till, client: Client) -> None:
    await log_in_customer(client, new_email())
    await till.place()  # stock
    bought = await client.command("/checkout", {"items": [{"sku_id": str(till.stocked.sku.id), "quantity": 1}]})
    assert bought.status_code == 201, bought.text
    order_no = bought.json()["order_no"]
    ways = (await client.read("/payment-methods")).json()["items"]
    assert [each["method"] for each in ways] == ["wallet", "wechat"]
    started = await client.command(f"/orders/{order_no}/payments", {"method": "wechat", "way": "native"})
    assert (started.status_code, started.json()["link"]["kind"]) == (201, "qr")
    number = await till.one("select out_trade_no from shop.payment")
    await till.paid(number, PRICE_FEN)
    seen = (await client.read(f"/payments/{started.json()['id']}")).json()
    assert (seen["state"], seen["order_state"]) == ("succeeded", "delivered")
    await log_in_staff(client, till.shop, "operator")
    unit = (await client.read(f"/staff/orders/{order_no}")).json()["items"][0]["units"][0]["id"]
    body = {"parts": [{"fulfilment_id": unit, "amount_fen": 100}], "reason": "scratched"}
    refunded = await client.command("/staff/refunds", body, key="one-refund")
    assert refunded.json()["items"][0]["amount_fen"] == 100
    assert (await client.command("/staff/refunds", body, key="one-refund")).json() == refunded.json()
    listed = (await client.read(f"/staff/payments?order_no={order_no}")).json()["items"]
    assert [each["refunded_fen"] for each in listed] == [100]
    for path in ("payouts", "receipts", "cases", "gateway-bills"):
        assert (await client.read(f"/staff/{path}")).status_code == 200


async def test_an_auditor_looks_and_refunds_nothing(till: Till, client: Client) -> None:
    _, order, _ = await till.bought()
    await log_in_staff(client, till.shop, "auditor")
    [unit] = await till.units(order)
    body = {"parts": [{"fulfilment_id": str(unit.public_id)}], "reason": "because"}
    assert (await client.command("/staff/refunds", body)).status_code == 403
    assert (await client.read("/staff/payments")).status_code == 200
