"""The simulated WeChat Pay's protocol, spoken by hand: no library of the shop's takes part."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from mingsuan import clock
from simulation.gateways.keys import WECHAT_APPID, WECHAT_MCHID
from simulation.gateways.wechat_signing import sealed
from tests.simulation.gateways.served import World, served

pytestmark = pytest.mark.enable_socket
NATIVE = "/v3/pay/transactions/native"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.mktemp("gateways")) as world:
        yield world


def authorization(world: World, method: str, target: str, body: bytes, age_s: int = 0, **changed: str) -> str:
    """The header as the gateway documents it, over METHOD\\nURL\\nTIMESTAMP\\nNONCE\\nBODY\\n."""
    stamp, nonce, keys = str(int(clock.now().timestamp()) - age_s), "593BEC0C930BF1AFEB40B4A08C8FB242", world.state.keys
    text = b"%s\n%s\n%s\n%s\n%s\n" % (method.encode(), target.encode(), stamp.encode(), nonce.encode(), body)
    made = {
        "mchid": WECHAT_MCHID,
        "nonce_str": nonce,
        "signature": base64.b64encode(keys.wechat_shop.private.sign(text, PKCS1v15(), SHA256())).decode(),
        "timestamp": stamp,
        "serial_no": keys.wechat_shop.serial,
        **changed,
    }
    return "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{name}="{value}"' for name, value in made.items())


def ask(world: World, method: str, target: str, content: object = None, **how: Any) -> httpx.Response:
    body = b"" if content is None else json.dumps(content).encode()
    headers = {"Authorization": authorization(world, method, target, body, **how), "Content-Type": "application/json"}
    return httpx.request(method, f"{world.base_url}/wechat{target}", content=body, headers=headers)


def an_order(**changed: object) -> dict[str, object]:
    return {
        "appid": WECHAT_APPID,
        "mchid": WECHAT_MCHID,
        "description": "Gift card",
        "out_trade_no": uuid4().hex,
        "notify_url": "http://shop.test/notices",
        "amount": {"total": 100, "currency": "CNY"},
        **changed,
    }


def test_answers_are_signed_over_timestamp_nonce_and_body(world: World) -> None:
    for answer in (ask(world, "POST", NATIVE, an_order()), ask(world, "POST", NATIVE, an_order(description=""))):
        head = answer.headers
        assert head["wechatpay-serial"] == world.state.keys.wechat_public_key_id
        text = f"{head['wechatpay-timestamp']}\n{head['wechatpay-nonce']}\n".encode() + answer.content + b"\n"
        signature = base64.b64decode(head["wechatpay-signature"])
        world.state.keys.wechat_gateway.public.verify(signature, text, PKCS1v15(), SHA256())


@pytest.mark.parametrize(
    "how",
    [
        {"age_s": 301},
        {"age_s": -301},
        {"signature": base64.b64encode(b"0" * 256).decode()},
        {"signature": "no"},
        {"serial_no": "0" * 40},
        {"timestamp": "0"},
        {"timestamp": "soon"},
        {"nonce_str": "593BEC0C930BF1AFEB40B4A08C8FB243"},
    ],
)
def test_a_request_that_is_not_signed_by_the_merchant_is_turned_away_unsigned(
    world: World, how: dict[str, Any]
) -> None:
    order = an_order()
    answer = ask(world, "POST", NATIVE, order, **how)
    assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_ERROR")
    assert "wechatpay-signature" not in answer.headers
    assert world.state.book.trade("wechat", str(order["out_trade_no"])) is None


def test_the_signature_covers_body_and_query(world: World) -> None:
    target = f"/v3/pay/transactions/out-trade-no/{uuid4().hex}?mchid={WECHAT_MCHID}"
    header = {"Authorization": authorization(world, "GET", target, b"")}
    assert httpx.get(f"{world.base_url}/wechat{target}", headers=header).status_code == 404
    assert httpx.get(f"{world.base_url}/wechat{target}0", headers=header).status_code == 401
    assert httpx.get(f"{world.base_url}/wechat{target}").status_code == 401
    signed = {"Authorization": authorization(world, "POST", NATIVE, b"{}")}
    assert httpx.post(f"{world.base_url}/wechat{NATIVE}", content=b"{ }", headers=signed).status_code == 401


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"amount": {"total": 0}}, "PARAM_ERROR"),
        ({"amount": {"total": "100"}}, "PARAM_ERROR"),
        ({"amount": {"total": 100, "currency": "USD"}}, "PARAM_ERROR"),
        ({"out_trade_no": "short"}, "PARAM_ERROR"),
        ({"out_trade_no": "x" * 33}, "PARAM_ERROR"),
        ({"description": "x" * 128}, "PARAM_ERROR"),
        ({"notify_url": "http://shop.test/notices?order=1"}, "PARAM_ERROR"),
        ({"time_expire": "2020-01-01T00:00:00+08:00"}, "PARAM_ERROR"),
        ({"mchid": "1900000110"}, "MCH_NOT_EXISTS"),
        ({"appid": "wx0"}, "APPID_MCHID_NOT_MATCH"),
    ],
)
def test_an_order_that_breaks_the_rules_is_refused(world: World, changed: dict[str, object], code: str) -> None:
    answer = ask(world, "POST", NATIVE, an_order(**changed))
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_jsapi_needs_a_payer_and_h5_a_scene(world: World) -> None:
    for way in ("jsapi", "h5"):
        answer = ask(world, "POST", f"/v3/pay/transactions/{way}", an_order())
        assert answer.json()["code"] == "PARAM_ERROR"


def test_a_waiting_trade_tells_neither_number_nor_payer(world: World) -> None:
    order = an_order()
    ask(world, "POST", NATIVE, order)
    target = f"/v3/pay/transactions/out-trade-no/{order['out_trade_no']}?mchid={WECHAT_MCHID}"
    said = ask(world, "GET", target).json()
    assert said["trade_state"] == "NOTPAY"
    assert {"transaction_id", "payer", "success_time"}.isdisjoint(said)


def test_a_trade_past_its_time_is_closed(world: World) -> None:
    later = clock.now() + timedelta(seconds=60)
    order = an_order(time_expire=later.isoformat())
    ask(world, "POST", NATIVE, order)
    booked = world.state.book.trade("wechat", str(order["out_trade_no"]))
    assert booked is not None
    assert booked.expires_at == later


def test_a_notice_is_a_sealed_resource_under_one_id_signed_anew_each_time(world: World) -> None:
    order = an_order()
    ask(world, "POST", NATIVE, order)
    world.state.pay("wechat", str(order["out_trade_no"]))
    one, two = (world.state.deliveries.message(f"paid:{order['out_trade_no']}") for _ in range(2))
    assert one.headers["Wechatpay-Signature"] != two.headers["Wechatpay-Signature"]
    envelope = json.loads(one.body)
    assert envelope["id"] == json.loads(two.body)["id"]
    assert envelope["event_type"] == "TRANSACTION.SUCCESS"
    box = envelope["resource"]
    key = AESGCM(world.state.keys.wechat_api_v3.encode())
    opened = key.decrypt(box["nonce"].encode(), base64.b64decode(box["ciphertext"]), box["associated_data"].encode())
    assert json.loads(opened)["amount"]["total"] == 100
    probe = world.state.deliveries.message(f"paid:{order['out_trade_no']}", "bad_signature")
    assert probe.headers["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/")
    assert len(base64.b64decode(probe.headers["Wechatpay-Signature"])) == 256


def test_sealing_never_uses_a_nonce_twice() -> None:
    nonces = [sealed("0" * 32, "transaction", {})["nonce"] for _ in range(200)]
    assert len(set(nonces)) == 200
    assert {len(nonce) for nonce in nonces} == {12}


def test_a_refund_must_name_the_whole_amount_that_was_paid(world: World) -> None:
    order = an_order()
    ask(world, "POST", NATIVE, order)
    world.state.pay("wechat", str(order["out_trade_no"]))
    wanted = {"out_refund_no": uuid4().hex, "out_trade_no": order["out_trade_no"]}
    wrong = ask(
        world, "POST", "/v3/refund/domestic/refunds", wanted | {"amount": {"refund": 1, "total": 99, "currency": "CNY"}}
    )
    assert (wrong.status_code, wrong.json()["code"]) == (400, "INVALID_REQUEST")
    right = ask(
        world,
        "POST",
        "/v3/refund/domestic/refunds",
        wanted | {"amount": {"refund": 1, "total": 100, "currency": "CNY"}},
    )
    assert (right.status_code, right.json()["status"]) == (200, "PROCESSING")


def test_no_bill_of_a_day_on_which_nothing_happened(world: World) -> None:
    answer = ask(world, "GET", "/v3/bill/tradebill?bill_date=2020-01-01&bill_type=ALL&tar_type=GZIP")
    assert (answer.status_code, answer.json()["code"]) == (400, "NO_STATEMENT_EXIST")
