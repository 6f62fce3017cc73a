"""Alipay's notices: what passes, what is refused and why, and that nothing goes out while one is looked at."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mingsuan import clock
from simulation.gateways.alipay_signing import content, sign
from simulation.gateways.misbehaviour import Tampering
from tests.simulation.gateways.served import World, served
from tests.transactional.payments.gateways.alipay_shop import paid, refund_of, shop_s
from transactional.payments.gateways.alipay import AlipayGateway
from transactional.payments.gateways.alipay_words import written
from transactional.payments.gateways.interface import Notice, RefusedNoticeError

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.getbasetemp() / "gateways") as world:
        yield world


@pytest.fixture(scope="module")
async def alipay(world: World) -> AsyncIterator[AlipayGateway]:
    gateway = shop_s(world)
    yield gateway
    await gateway.aclose()


def body(world: World, name: str, tampering: Tampering = "none") -> bytes:
    return world.state.deliveries.message(name, tampering).body


def resigned(world: World, notice: bytes, **changed: str) -> bytes:
    """The notice with other fields, signed by Alipay all the same; a field set to "" is left out."""
    told = {name: value for name, value in (dict(parse_qsl(notice.decode())) | changed).items() if value}
    signature = sign(content(told, ("sign", "sign_type")), world.state.keys.alipay_gateway.private)
    return urlencode(told | {"sign": signature}).encode()


async def read(alipay: AlipayGateway, notice: bytes, now: datetime | None = None) -> Notice:
    return await alipay.authenticate({}, notice, now or clock.now())


async def verdict(alipay: AlipayGateway, notice: bytes, now: datetime | None = None) -> str:
    with pytest.raises(RefusedNoticeError) as refused:
        await read(alipay, notice, now)
    return refused.value.verdict


async def test_a_payment_is_told_with_its_amount_number_and_time(world: World, alipay: AlipayGateway) -> None:
    trade = paid(world, "A1", 1234)
    notice = await read(alipay, body(world, "paid:A1"))
    assert notice.refund is None
    told = notice.trade
    assert told is not None
    assert (told.state, told.out_trade_no, told.amount_fen) == ("paid", "A1", 1234)
    assert told.gateway_trade_no == trade.gateway_trade_no
    assert trade.paid_at is not None
    assert told.paid_at == trade.paid_at.replace(microsecond=0)


async def test_every_try_of_a_notice_has_the_same_event_id(world: World, alipay: AlipayGateway) -> None:
    paid(world, "A2")
    first, second = [(await read(alipay, body(world, "paid:A2"))).event_id for _ in range(2)]
    assert first == second
    paid(world, "A3")
    assert (await read(alipay, body(world, "paid:A3"))).event_id != first


@pytest.mark.parametrize(
    ("tampering", "expected"),
    [
        ("bad_signature", "bad_signature"),
        ("unknown_serial", "bad_signature"),  # Alipay's notices name no serial: an unknown key is a bad signature
        ("stale", "stale"),
        ("wrong_merchant", "wrong_merchant"),
        ("unreadable", "malformed"),
    ],
)
async def test_a_notice_that_is_not_authentic_is_refused(
    world: World, alipay: AlipayGateway, tampering: Tampering, expected: str
) -> None:
    paid(world, f"B{tampering}")
    assert await verdict(alipay, body(world, f"paid:B{tampering}", tampering)) == expected


async def test_a_wrong_amount_under_alipay_s_signature_is_handed_on_for_the_shop_to_see(
    world: World, alipay: AlipayGateway
) -> None:
    paid(world, "B2", 1234)
    notice = await read(alipay, body(world, "paid:B2", "wrong_amount"))
    assert notice.trade is not None
    assert notice.trade.amount_fen == 1235


async def test_a_partial_refund_is_no_second_payment(world: World, alipay: AlipayGateway) -> None:
    """It comes as TRADE_SUCCESS, with the payment's own amount and time."""
    trade = paid(world, "C1", 1000)
    await alipay.refund(refund_of(trade, "RC1", 300))
    notice = await read(alipay, body(world, "refunded:RC1"))
    assert dict(parse_qsl(body(world, "refunded:RC1").decode()))["trade_status"] == "TRADE_SUCCESS"
    assert notice.trade is None
    assert notice.refund is not None
    assert (notice.refund.state, notice.refund.out_refund_no) == ("succeeded", "RC1")
    assert notice.refund.amount_fen is None, "refund_fee is the sum of all refunds, not this one's amount"


async def test_a_whole_refund_closes_the_trade_and_is_told_as_the_refund(world: World, alipay: AlipayGateway) -> None:
    trade = paid(world, "C2", 1000)
    await alipay.refund(refund_of(trade, "RC2", 1000))
    assert dict(parse_qsl(body(world, "refunded:RC2").decode()))["trade_status"] == "TRADE_CLOSED"
    notice = await read(alipay, body(world, "refunded:RC2"))
    assert notice.refund is not None
    assert notice.refund.out_refund_no == "RC2"


async def test_a_refund_without_its_number_still_says_only_that_the_trade_was_paid(
    world: World, alipay: AlipayGateway
) -> None:
    trade = paid(world, "C3", 1000)
    await alipay.refund(refund_of(trade, "RC3", 1000))
    notice = await read(alipay, resigned(world, body(world, "refunded:RC3"), out_biz_no=""))
    assert notice.trade is not None
    assert (notice.trade.state, notice.trade.gateway_trade_no) == ("paid", trade.gateway_trade_no)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("WAIT_BUYER_PAY", "waiting"),
        ("TRADE_SUCCESS", "paid"),
        ("TRADE_FINISHED", "paid"),
        ("TRADE_CLOSED", "closed"),
    ],
)
async def test_the_states_of_a_trade(world: World, alipay: AlipayGateway, status: str, state: str) -> None:
    paid(world, f"D{status}")
    notice = await read(alipay, resigned(world, body(world, f"paid:D{status}"), trade_status=status))
    assert notice.trade is not None
    assert notice.trade.state == state


@pytest.mark.parametrize(
    ("age", "passes"),
    [
        (timedelta(hours=24, minutes=24), True),  # the last of eight tries, 4m+10m+10m+1h+2h+6h+15h after the first
        (timedelta(hours=26, minutes=1), False),
        (timedelta(minutes=-4), True),
        (timedelta(minutes=-6), False),
    ],
)
async def test_a_notice_is_fresh_as_long_as_alipay_may_still_be_trying(
    world: World, alipay: AlipayGateway, age: timedelta, passes: bool
) -> None:
    paid(world, f"E{age}")
    now = datetime(2026, 5, 1, 2, 3, 4, tzinfo=UTC)
    notice = resigned(world, body(world, f"paid:E{age}"), notify_time=written(now - age))
    if passes:
        assert (await read(alipay, notice, now)).trade is not None
    else:
        assert await verdict(alipay, notice, now) == "stale"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"app_id": "2021000000000002"}, "wrong_merchant"),
        ({"seller_id": "2088000000000002"}, "wrong_merchant"),
        ({"seller_id": ""}, "malformed"),
        ({"sign_type": "RSA"}, "bad_signature"),
        ({"total_amount": "12.345"}, "malformed"),
        ({"total_amount": "1e3"}, "malformed"),
        ({"trade_status": "TRADE_ODD"}, "malformed"),
        ({"gmt_payment": ""}, "malformed"),
        ({"notify_time": "yesterday"}, "malformed"),
    ],
)
async def test_signed_notices_that_say_what_alipay_would_not_are_refused(
    world: World, alipay: AlipayGateway, changed: dict[str, str], expected: str
) -> None:
    name = "F" + "".join(changed) + "".join(changed.values())
    paid(world, name)
    assert await verdict(alipay, resigned(world, body(world, f"paid:{name}"), **changed)) == expected


async def test_a_field_that_comes_twice_is_refused(world: World, alipay: AlipayGateway) -> None:
    """Which of the two was signed?"""
    paid(world, "G1")
    assert await verdict(alipay, body(world, "paid:G1") + b"&total_amount=0.01") == "malformed"


@given(position=st.integers(min_value=0), with_byte=st.integers(min_value=0, max_value=255))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_changed_byte_makes_a_notice_say_something_else(
    world: World, alipay: AlipayGateway, position: int, with_byte: int
) -> None:
    if world.state.book.trade("alipay", "H1") is None:
        paid(world, "H1")
    true = body(world, "paid:H1")
    changed = bytearray(true)
    changed[position % len(true)] = with_byte
    try:
        notice = await read(alipay, bytes(changed))
    except RefusedNoticeError:
        return
    assert notice == await read(alipay, true)


@given(garbage=st.binary(max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_garbage_is_refused_and_never_an_exception(alipay: AlipayGateway, garbage: bytes) -> None:
    with pytest.raises(RefusedNoticeError):
        await read(alipay, garbage)


async def test_nothing_goes_out_while_a_notice_is_looked_at(
    world: World, alipay: AlipayGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid(world, "J1")
    true, forged = body(world, "paid:J1"), body(world, "paid:J1", "bad_signature")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a call went out")

    monkeypatch.setattr("alipay.urlopen", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    assert (await read(alipay, true)).trade is not None
    assert await verdict(alipay, forged) == "bad_signature"
