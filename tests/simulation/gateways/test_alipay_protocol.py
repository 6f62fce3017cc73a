"""Simulated Alipay as a stranger meets it: signatures both ways, its refusals, its notices until `success`."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qsl

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from mingsuan import clock
from simulation.gateways.alipay_signing import content, is_signed_by, sign
from simulation.gateways.alipay_words import written
from simulation.gateways.deliveries import RETRIES_S
from simulation.gateways.keys import ALIPAY_APP_ID
from tests.simulation.gateways.served import World, served

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.getbasetemp() / "gateways") as world:
        yield world


def request(world: World, method: str, biz: dict[str, str], /, **changed: str) -> dict[str, str]:
    """A signed request of the shop's; `changed` is changed before it is signed."""
    parameters = {
        "app_id": ALIPAY_APP_ID,
        "method": method,
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": written(clock.now()),
        "version": "1.0",
        "biz_content": json.dumps(biz, ensure_ascii=False),
    } | changed
    return parameters | {"sign": sign(content(parameters, ("sign",)), world.state.keys.alipay_shop.private)}


def posted(world: World, parameters: dict[str, str]) -> httpx.Response:
    return httpx.post(f"{world.base_url}/alipay/gateway.do", data=parameters)


def test_an_answer_s_signature_is_over_its_text_as_it_stands(world: World) -> None:
    """Slashes are escaped in it, so whoever parses and writes it again cannot verify it."""
    biz = {"out_trade_no": "A1", "total_amount": "12.34", "subject": "会员"}
    body = posted(world, request(world, "alipay.trade.precreate", biz)).text
    start, end = body.index(":") + 1, body.index(',"sign"')
    assert "http:\\/\\/" in body[start:end]
    signature, key = base64.b64decode(json.loads(body)["sign"]), world.state.keys.alipay_gateway.public
    key.verify(signature, body[start:end].encode(), PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        key.verify(signature, body[start:end].replace("\\/", "/").encode(), PKCS1v15(), SHA256())


@pytest.mark.parametrize(
    ("changed", "sub_code"),
    [
        ({"app_id": "2021000000000009"}, "isv.invalid-app-id"),
        ({"sign_type": "RSA"}, "isv.invalid-signature"),
        ({"timestamp": "2020-01-01 00:00:00"}, "isv.invalid-timestamp"),
        ({"method": "alipay.trade.unheard.of"}, "isv.invalid-method"),
        ({"biz_content": "{"}, "isv.invalid-parameter"),
    ],
)
def test_requests_that_alipay_would_not_take_are_refused(world: World, changed: dict[str, str], sub_code: str) -> None:
    body = posted(world, request(world, "alipay.trade.query", {"out_trade_no": "A1"}, **changed)).json()
    (name,) = [name for name in body if name != "sign"]
    assert body[name]["sub_code"] == sub_code


@pytest.mark.parametrize("name", ["biz_content", "timestamp", "sign"])
def test_a_request_changed_on_the_way_is_refused(world: World, name: str) -> None:
    sent = request(world, "alipay.trade.query", {"out_trade_no": "A1"})
    changed = sent | {name: sent[name].replace("A", "B").replace("0", "1")}
    assert changed != sent
    answer = posted(world, changed).json()["alipay_trade_query_response"]
    assert answer["sub_code"] == "isv.invalid-signature"


def test_a_page_that_is_not_signed_takes_no_payment(world: World) -> None:
    biz = {"out_trade_no": "B1", "total_amount": "1.00", "subject": "会员"}
    sent = request(world, "alipay.trade.page.pay", biz)
    changed = sent | {"biz_content": sent["biz_content"].replace("1.00", "0.01")}
    assert httpx.get(f"{world.base_url}/alipay/gateway.do", params=changed).status_code == 400
    assert world.state.book.trade("alipay", "B1") is None


def test_a_notice_is_tried_until_the_shop_says_success_and_nothing_else_counts(world: World) -> None:
    world.state.book.open_trade("alipay", "C1", 1234, notify_url="http://shop.test/n")
    world.state.pay("alipay", "C1")
    accepted = world.state.deliveries.letters["paid:C1"].accepted
    assert accepted(httpx.Response(200, text="success"))
    for body in ("success\n", "SUCCESS", '"success"', "failure", ""):
        assert not accepted(httpx.Response(200, text=body))
    assert not accepted(httpx.Response(500, text="success"))
    assert timedelta(seconds=sum(RETRIES_S["alipay"])) == timedelta(hours=24, minutes=24)


def test_a_notice_is_signed_over_all_but_sign_and_sign_type(world: World) -> None:
    world.state.book.open_trade("alipay", "D1", 1234, title="视频会员", notify_url="http://shop.test/n")
    world.state.pay("alipay", "D1")
    told = dict(parse_qsl(world.state.deliveries.message("paid:D1").body.decode()))
    text = content(told, ("sign", "sign_type")).encode()
    world.state.keys.alipay_gateway.public.verify(base64.b64decode(told["sign"]), text, PKCS1v15(), SHA256())


def test_requests_are_verified_with_the_sign_type_in_and_empty_fields_out(world: World) -> None:
    sent = request(world, "alipay.trade.query", {"out_trade_no": "A1"})
    key = world.state.keys.alipay_shop.public
    assert is_signed_by(sent | {"notify_url": ""}, key)
    assert not is_signed_by(sent | {"notify_url": "x"}, key)
    assert not is_signed_by({name: value for name, value in sent.items() if name != "sign_type"}, key)


def test_a_bill_s_address_cannot_be_guessed(world: World) -> None:
    assert httpx.get(f"{world.base_url}/alipay/bill/2026-01-01").status_code == 403
