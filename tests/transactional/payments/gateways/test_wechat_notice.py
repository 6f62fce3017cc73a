"""Which notifications of WeChat Pay the shop believes. No test here lets a call go out."""

import json
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from mingsuan import clock
from simulation.gateways.entries import BookedRefund, BookedTrade
from simulation.gateways.misbehaviour import Tampering
from simulation.gateways.wechat_signing import SCHEME, sealed, signature_headers
from tests.simulation.gateways.served import World, served
from tests.transactional.payments.gateways.wechat_shop import (
    NOTICES,
    NoNetwork,
    a_notice,
    new_number,
    without,
)
from transactional.payments.gateways.interface import RefusedNoticeError
from transactional.payments.gateways.wechat import WechatGateway

pytestmark = [pytest.mark.enable_socket, pytest.mark.anyio]
HEADERS = ("signature", "timestamp", "nonce", "serial", "signature-type")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.mktemp("gateways")) as world:
        yield world


@pytest.fixture(scope="module")
def gateway(world: World) -> WechatGateway:
    return WechatGateway.from_settings(world.settings(), NoNetwork())


@pytest.fixture
def trade(world: World) -> BookedTrade:
    number = new_number()
    world.state.book.open_trade("wechat", number, 1_000, notify_url=NOTICES)
    return world.state.pay("wechat", number)


@pytest.fixture
def refund(world: World, trade: BookedTrade) -> BookedRefund:
    number = new_number()
    world.state.book.open_refund("wechat", trade.out_trade_no, number, 300, notify_url=NOTICES)
    return world.state.end_refund("wechat", number)


def signed(world: World, envelope: object, at: datetime | None = None) -> tuple[dict[str, str], bytes]:
    """Anything, signed by the platform."""
    body = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
    keys = world.state.keys
    headers = signature_headers(keys.wechat_gateway.private, keys.wechat_public_key_id, body, at or clock.now())
    return {name.lower(): value for name, value in headers.items()}, body


def an_envelope(world: World, resource: dict[str, object], event: str = "TRANSACTION.SUCCESS") -> dict[str, object]:
    return {
        "id": "EV-1",
        "resource_type": "encrypt-resource",
        "event_type": event,
        "resource": sealed(world.state.keys.wechat_api_v3, "transaction", resource),
    }


def a_resource(world: World) -> dict[str, object]:
    settings = world.settings()
    return {
        "appid": settings.wechat_appid,
        "mchid": settings.wechat_mchid,
        "out_trade_no": "A1",
        "transaction_id": "4200000001",
        "trade_state": "SUCCESS",
        "success_time": "2026-05-01T12:00:00+08:00",
        "amount": {"total": 1_000, "payer_total": 990, "currency": "CNY"},
    }


async def verdict(gateway: WechatGateway, headers: dict[str, str], body: bytes) -> str:
    with pytest.raises(RefusedNoticeError) as refused:
        await gateway.authenticate(headers, body, clock.now())
    return refused.value.verdict


async def test_a_payments_notice_says_what_the_gateway_booked(
    world: World, gateway: WechatGateway, trade: BookedTrade
) -> None:
    first = await gateway.authenticate(*a_notice(world, f"paid:{trade.out_trade_no}"), clock.now())
    again = await gateway.authenticate(*a_notice(world, f"paid:{trade.out_trade_no}"), clock.now())
    assert first == again
    assert first.refund is None
    assert first.trade is not None
    assert (first.trade.state, first.trade.amount_fen) == ("paid", 1_000)
    assert first.trade.gateway_trade_no == trade.gateway_trade_no
    assert trade.paid_at is not None
    assert first.trade.paid_at == trade.paid_at.replace(microsecond=0)


async def test_a_refunds_notice_says_what_the_gateway_booked(
    world: World, gateway: WechatGateway, refund: BookedRefund
) -> None:
    notice = await gateway.authenticate(*a_notice(world, f"refunded:{refund.out_refund_no}"), clock.now())
    assert notice.trade is None
    assert notice.refund is not None
    assert (notice.refund.state, notice.refund.amount_fen) == ("succeeded", 300)
    assert notice.refund.gateway_refund_no == refund.gateway_refund_no


async def test_a_well_signed_lie_about_the_amount_is_authentic_and_for_the_shop_to_compare(
    world: World, gateway: WechatGateway, trade: BookedTrade
) -> None:
    notice = await gateway.authenticate(*a_notice(world, f"paid:{trade.out_trade_no}", "wrong_amount"), clock.now())
    assert notice.trade is not None
    assert notice.trade.amount_fen == 1_001


@pytest.mark.parametrize(
    ("tampering", "expected"),
    [
        ("bad_signature", "bad_signature"),
        ("stale", "stale"),
        ("unknown_serial", "unknown_serial"),
        ("wrong_merchant", "wrong_merchant"),
        ("unreadable", "malformed"),
    ],
)
async def test_every_tampered_notice_is_refused_with_its_reason(
    world: World, gateway: WechatGateway, trade: BookedTrade, tampering: Tampering, expected: str
) -> None:
    assert await verdict(gateway, *a_notice(world, f"paid:{trade.out_trade_no}", tampering)) == expected


@pytest.mark.parametrize("header", HEADERS)
async def test_a_notice_without_one_of_its_headers_is_refused(
    world: World, gateway: WechatGateway, trade: BookedTrade, header: str
) -> None:
    headers, body = a_notice(world, f"paid:{trade.out_trade_no}")
    assert await verdict(gateway, without(headers, f"wechatpay-{header}"), body) == "malformed"


async def test_another_kind_of_signature_is_refused_for_its_kind(
    world: World, gateway: WechatGateway, trade: BookedTrade
) -> None:
    headers, body = a_notice(world, f"paid:{trade.out_trade_no}")
    other = {**headers, "wechatpay-signature-type": "WECHATPAY2-SM2-WITH-SM3"}
    with pytest.raises(RefusedNoticeError, match="another signature type"):
        await gateway.authenticate(other, body, clock.now())


async def test_any_changed_byte_or_signed_header_breaks_the_signature(
    world: World, gateway: WechatGateway, trade: BookedTrade
) -> None:
    headers, body = a_notice(world, f"paid:{trade.out_trade_no}")
    assert (
        await verdict(gateway, headers, body.replace(b"TRANSACTION.SUCCESS", b"TRANSACTION.SUCCESs")) == "bad_signature"
    )
    assert await verdict(gateway, {**headers, "wechatpay-nonce": "0" * 32}, body) == "bad_signature"
    later = str(int(headers["wechatpay-timestamp"]) + 1)
    assert await verdict(gateway, {**headers, "wechatpay-timestamp": later}, body) == "bad_signature"
    assert await verdict(gateway, {**headers, "wechatpay-signature": "not base64!"}, body) == "bad_signature"


async def test_a_signature_that_openssl_makes_is_believed(world: World, gateway: WechatGateway) -> None:
    """The text that is signed is written out here by hand, as the gateway documents it."""
    body = json.dumps(an_envelope(world, a_resource(world))).encode()
    stamp = str(int(clock.now().timestamp()))
    text = stamp.encode() + b"\nabc\n" + body + b"\n"
    key = world.state.keys.wechat_gateway.private_file
    made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text, capture_output=True, check=True)
    encoded = subprocess.run(["openssl", "base64", "-A"], input=made.stdout, capture_output=True, check=True)
    headers = {
        "wechatpay-timestamp": stamp,
        "wechatpay-nonce": "abc",
        "wechatpay-serial": world.settings().wechat_public_key_id,
        "wechatpay-signature": encoded.stdout.decode(),
        "wechatpay-signature-type": SCHEME,
    }
    notice = await gateway.authenticate(headers, body, clock.now())
    assert notice.trade is not None
    assert notice.trade.amount_fen == 1_000


@pytest.mark.parametrize(("age_s", "fresh"), [(-302, False), (-298, True), (298, True), (302, False)])
async def test_a_notice_is_believed_for_five_minutes_either_side(
    world: World, gateway: WechatGateway, age_s: int, fresh: bool
) -> None:
    headers, body = signed(world, an_envelope(world, a_resource(world)), clock.now() - timedelta(seconds=age_s))
    if fresh:
        assert (await gateway.authenticate(headers, body, clock.now())).event_id == "EV-1"
    else:
        assert await verdict(gateway, headers, body) == "stale"


@pytest.mark.parametrize("stamp", ["", "soon", "1e9", "-1", "١٢٣", "9" * 5000])
async def test_a_timestamp_that_is_no_number_is_refused(world: World, gateway: WechatGateway, stamp: str) -> None:
    headers, body = signed(world, an_envelope(world, a_resource(world)))
    assert await verdict(gateway, {**headers, "wechatpay-timestamp": stamp}, body) == "malformed"


async def test_what_was_encrypted_under_another_key_is_refused(world: World, gateway: WechatGateway) -> None:
    envelope = an_envelope(world, a_resource(world)) | {"resource": sealed("0" * 32, "transaction", a_resource(world))}
    assert await verdict(gateway, *signed(world, envelope)) == "malformed"


@pytest.mark.parametrize("field", ["mchid", "appid"])
async def test_a_notice_for_another_merchant_or_app_is_refused(
    world: World, gateway: WechatGateway, field: str
) -> None:
    envelope = an_envelope(world, a_resource(world) | {field: "another"})
    assert await verdict(gateway, *signed(world, envelope)) == "wrong_merchant"


@pytest.mark.parametrize(
    "change",
    [
        {"trade_state": "SUCCEEDED"},
        {"amount": {"total": "1000", "currency": "CNY"}},
        {"amount": {"total": 10.5, "currency": "CNY"}},
        {"amount": {"total": 0, "currency": "CNY"}},
        {"amount": {"total": 1_000, "currency": "USD"}},
        {"amount": None},
        {"success_time": "2026-05-01T12:00:00"},
        {"success_time": None},
        {"transaction_id": None},
        {"out_trade_no": ""},
    ],
)
async def test_a_well_signed_notice_that_makes_no_sense_is_refused(
    world: World, gateway: WechatGateway, change: dict[str, object]
) -> None:
    assert await verdict(gateway, *signed(world, an_envelope(world, a_resource(world) | change))) == "malformed"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"\xff\xfe", b'{"resource_type": "encrypt-resource"}', b"[" * 60_000]
)
async def test_a_well_signed_body_that_is_no_notice_is_refused(
    world: World, gateway: WechatGateway, body: bytes
) -> None:
    assert await verdict(gateway, *signed(world, body)) == "malformed"


async def test_a_body_larger_than_any_notice_is_not_even_looked_at(world: World, gateway: WechatGateway) -> None:
    with pytest.raises(RefusedNoticeError, match="larger than any notice"):
        await gateway.authenticate(*signed(world, b" " * 65_537), clock.now())


async def test_an_event_that_the_shop_did_not_ask_for_is_refused(world: World, gateway: WechatGateway) -> None:
    envelope = an_envelope(world, a_resource(world), "PAYSCORE.USER_PAID")
    assert await verdict(gateway, *signed(world, envelope)) == "malformed"


async def test_the_gateway_is_answered_in_its_own_words(gateway: WechatGateway) -> None:
    yes, no = gateway.acknowledge(True), gateway.acknowledge(False)
    assert (yes.status, json.loads(yes.body)["code"]) == (200, "SUCCESS")
    assert (no.status, json.loads(no.body)["code"]) == (400, "FAIL")
