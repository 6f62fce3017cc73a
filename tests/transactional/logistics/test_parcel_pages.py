"""Parcels at the desk and at the shopper's: roles, files with faults, callbacks forged and true, labels on record."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.logistics.conftest import ADDRESS, PHONE, RECIPIENT, STREET, Depot, instant
from tests.transactional.web.visits import HTML, enter_desk, register, send, visit
from transactional.accounts import service as accounts
from transactional.db import reading, writing
from transactional.logistics import tracking
from transactional.logistics.kuaidi_words import callback_signature, query_signature
from transactional.logistics.service import ship_to
from transactional.orders.checkout import PlacedOrder

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(depot: Depot, fresh_database: DatabaseUrls) -> AsyncIterator[Client]:
    async with Client(depot.shop, fresh_database) as opened:
        yield opened


async def three_paid(depot: Depot) -> list[PlacedOrder]:
    sku = await depot.sku("BOX", "physical", 5000)
    await depot.units("BOX", 3, 3000)
    customer = await depot.customer("li")
    orders = [await depot.order(customer, (sku, 1)) for _ in range(3)]
    for placed in orders:
        await depot.pay(placed)
        async with writing(depot.shop.engine) as session:
            await ship_to(session, depot.shop.vault, placed.order_id, customer.id, ADDRESS)
    return orders


async def test_the_desk_sends_a_parcel_once_however_often_the_form_is_sent(depot: Depot, client: Client) -> None:
    [placed, *_] = await three_paid(depot)
    await enter_desk(client, depot.shop, "operator")
    waiting = await visit(client, "/desk/parcels")
    assert waiting.faults == []
    assert RECIPIENT in waiting.text
    address = f"/desk/parcels/orders/{placed.order_no}"
    form = await visit(client, address)
    assert form.faults == []
    assert STREET in form.text
    filled = {
        "idempotency_key": form.fields["idempotency_key"],
        "unit": form.fields["unit"],
        "courier": "shunfeng",
        "tracking_no": "sf1234567",
    }
    bad = await send(client, address, **{**filled, "tracking_no": "x", "idempotency_key": "another-key"})
    assert bad.status_code == 422
    sent = [await send(client, address, **filled) for _ in range(3)]
    assert {answer.status_code for answer in sent} == {303}
    assert len({answer.headers["location"] for answer in sent}) == 1
    page = await visit(client, sent[0].headers["location"])
    assert page.faults == []
    assert "SF1234567" in page.text
    assert await depot.one("select count(*) from shop.shipment") == 1
    assert await depot.one("select count(*) from shop.staff_act where act = 'ship'") == 1


async def test_a_file_with_a_bad_row_records_nothing_and_says_what_is_wrong_with_each(
    depot: Depot, client: Client
) -> None:
    [first, second, third] = await three_paid(depot)
    await enter_desk(client, depot.shop, "operator")
    content = "\n".join(
        [
            "订单号,快递公司,快递单号",
            f"{first.order_no},顺丰速运,SF0000001",
            f"{second.order_no},火箭,SF0000002",
            f"{third.order_no},中通,1",
            "NOBODY,中通,ZT0000003",
            f"{first.order_no},中通,ZT0000004",
        ]
    )
    answer = await client.post("/desk/parcels/import/preview", data={"content": content}, headers=HTML)
    assert answer.text.count('<span class="badge bad">') == 4
    assert "There is no such order" in answer.text
    refused = await send(client, "/desk/parcels/import", content=content, idempotency_key="file-of-today-1")
    assert refused.status_code == 422
    assert await depot.one("select count(*) from shop.shipment") == 0
    good = f"{first.order_no}\t顺丰速运\tSF0000001\n{second.order_no}\t中通快递\tZT0000002\n"
    for _ in range(2):
        done = await send(client, "/desk/parcels/import", content=good, idempotency_key="file-of-today-2")
        assert done.headers["location"] == "/desk/parcels/import?done=2"
    again = await send(client, "/desk/parcels/import", content=good, idempotency_key="file-of-today-3")
    assert again.status_code == 303, "a row that is recorded already changes nothing"
    assert await depot.rows("select courier, tracking_no from shop.shipment order by tracking_no") == [
        ("shunfeng", "SF0000001"),
        ("zhongtong", "ZT0000002"),
    ]


async def test_a_file_of_an_old_spreadsheet_can_be_read(depot: Depot, client: Client) -> None:
    [first, *_] = await three_paid(depot)
    await enter_desk(client, depot.shop, "operator")
    content = f"订单号;快递公司;快递单号\n{first.order_no};圆通;YT0000001\n".encode("gb18030")
    answer = await client.post("/desk/parcels/import/preview", files={"file": ("a.csv", content)}, headers=HTML)
    assert "1 row can be recorded" in answer.text


async def test_addresses_are_for_those_who_deliver_and_taking_many_is_on_record(depot: Depot, client: Client) -> None:
    [placed, *_] = await three_paid(depot)
    await enter_desk(client, depot.shop, "auditor")
    page = await visit(client, "/desk/parcels")
    assert placed.order_no in page.text
    assert RECIPIENT not in page.text
    for method, address in (
        ("GET", "/desk/parcels/labels"),
        ("POST", "/desk/parcels/export"),
        ("GET", f"/desk/parcels/orders/{placed.order_no}"),
        ("GET", "/desk/parcels/import"),
    ):
        assert (await client.request(method, address, headers=HTML)).status_code == 403, address
    client.cookies.clear()
    await enter_desk(client, depot.shop, "operator")
    labels = await visit(client, "/desk/parcels/labels")
    assert labels.faults == []
    assert labels.text.count(RECIPIENT) == 3
    file = (await send(client, "/desk/parcels/export")).text
    assert f"{placed.order_no},{RECIPIENT},{PHONE[3:]},浙江省,杭州市,西湖区" in file
    acts = await depot.rows(
        "select act, detail ->> 'orders' from shop.staff_act"
        " where act in ('print_labels', 'export_addresses') order by id"
    )
    assert acts == [("print_labels", "3"), ("export_addresses", "3")]
    assert RECIPIENT not in str(await depot.rows("select detail::text, subject from shop.staff_act"))


async def test_the_shopper_sees_the_own_parcel_and_confirms_it_and_nobody_else_can(
    depot: Depot, client: Client
) -> None:
    await register(client)
    async with reading(depot.shop.engine) as session:
        li = await accounts.customer_named(session, "li@example.com")
    sku = await depot.sku("BOX", "physical", 5000)
    await depot.units("BOX", 1, 3000)
    placed = await depot.order(li, (sku, 1))
    await depot.pay(placed)
    parcel = await depot.send(placed)
    page = await visit(client, f"/parcels/{parcel}")
    assert page.faults == []
    assert "SF1234567" in page.text
    client.cookies.clear()
    await register(client, "wang@example.com")
    assert (await client.get(f"/parcels/{parcel}", headers=HTML)).status_code == 404
    assert (await send(client, f"/parcels/{parcel}/confirm")).status_code == 404
    assert (await depot.parcel(parcel)).confirmed_at is None


def callback(parcel: UUID, depot: Depot, *, state: str = "3", salt: str | None = None) -> dict[str, str]:
    rows = [
        {"time": f"{instant(minute):%Y-%m-%d %H:%M:%S}", "context": word}
        for minute, word in ((1, "已签收"), (0, "已揽收"))
    ]
    result = {"message": "ok", "state": state, "com": "shunfeng", "nu": "SF1234567", "data": rows}
    param = json.dumps({"status": "polling", "lastResult": result}, ensure_ascii=False)
    return {"param": param, "sign": callback_signature(param, salt or tracking.salt_of(depot.shop.vault, parcel))}


async def test_a_callback_counts_with_the_parcel_s_own_signature_only(depot: Depot, client: Client) -> None:
    _, placed = await depot.paid_box()
    parcel = await depot.send(placed)
    address = f"/couriers/{parcel}/reports"
    forged = callback(parcel, depot, salt="guessed")
    of_another = callback(parcel, depot, salt=tracking.salt_of(depot.shop.vault, UUID(int=5)))
    altered = {**callback(parcel, depot), "param": callback(parcel, depot, state="4")["param"]}
    for bad in (forged, of_another, altered, {**forged, "sign": ""}):
        assert (await client.post(address, data=bad)).status_code == 403
    unknown = UUID(int=9)
    nobody = await client.post(f"/couriers/{unknown}/reports", data=callback(unknown, depot, salt="guessed"))
    assert nobody.status_code == 403, "as for a parcel that exists"
    assert (await depot.parcel(parcel)).state == "sent"
    for _ in range(2):
        answer = await client.post(address, data=callback(parcel, depot))
        assert answer.json()["returnCode"] == "200"
    assert (await depot.parcel(parcel)).state == "signed"
    assert await depot.one("select count(*) from shop.shipment_event") == 2
    nonsense = json.dumps({"lastResult": {"state": "3", "data": [{"time": "gestern"}]}})
    salt = tracking.salt_of(depot.shop.vault, parcel)
    refused = await client.post(address, data={"param": nonsense, "sign": callback_signature(nonsense, salt)})
    assert refused.status_code == 400


async def test_a_callback_of_the_far_future_does_not_silence_the_true_ones(depot: Depot, client: Client) -> None:
    _, placed = await depot.paid_box()
    parcel = await depot.send(placed)
    with clock.at(clock.now() + timedelta(days=400)):
        future = callback(parcel, depot, state="5")
    await client.post(f"/couriers/{parcel}/reports", data=future)
    await client.post(f"/couriers/{parcel}/reports", data=callback(parcel, depot))
    assert (await depot.parcel(parcel)).state == "signed"


def test_signatures_are_those_of_the_protocol() -> None:
    """As md5sum says of the same bytes."""
    assert query_signature('{"a":1}', "key", "cust") == "CA83D87FADBDAE7D86E30E2C11FDB378"
    assert callback_signature('{"a":1}', "salt") == "B218F90555A22945EC35A666B2C7B040"
