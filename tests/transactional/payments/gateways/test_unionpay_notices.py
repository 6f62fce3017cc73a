"""UnionPay's notices: a published one passes to the letter; what is forged, old or another's is refused."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mingsuan import clock
from simulation.gateways.entries import BookedTrade
from simulation.gateways.misbehaviour import Tampering
from tests.simulation.gateways.served import World, served
from transactional.payments.gateways.configured import gateways
from transactional.payments.gateways.interface import Gateway, Notice, RefusedNoticeError, Trade
from transactional.payments.gateways.unionpay_notice import authentic

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]
PUBLISHED = (Path(__file__).parent / "unionpay_notice.txt").read_bytes().strip()
"""A notice of UnionPay's test system, as the samples of its development kit print it (2018-07-26)."""
PUBLISHED_MERCHANT, PUBLISHED_AT = "700000000000001", datetime(2018, 7, 26, 2, 2, 32, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.getbasetemp() / "gateways") as world:
        yield world


@pytest.fixture(scope="module")
async def unionpay(world: World) -> AsyncIterator[Gateway]:
    gateway = gateways(world.settings(wechat_mchid=None, alipay_app_id=None))["unionpay"]
    yield gateway
    await gateway.aclose()


def paid(world: World, number: str, fen: int = 1234) -> BookedTrade:
    world.state.book.open_trade("unionpay", number, fen, notify_url="http://shop.test/n")
    return world.state.pay("unionpay", number)


def body(world: World, name: str, tampering: Tampering = "none") -> bytes:
    return world.state.deliveries.message(name, tampering).body


async def read(unionpay: Gateway, notice: bytes, now: datetime | None = None) -> Notice:
    return await unionpay.authenticate({}, notice, now or clock.now())


def published_key() -> RSAPublicKey:
    fields = dict(parse_qsl(PUBLISHED.decode()))
    key = x509.load_pem_x509_certificate(fields["signPubKeyCert"].encode()).public_key()
    assert isinstance(key, RSAPublicKey)
    return key


def test_a_published_notice_is_authentic_and_says_what_was_paid() -> None:
    notice = authentic(published_key(), PUBLISHED_MERCHANT, PUBLISHED, PUBLISHED_AT + timedelta(hours=1))
    assert notice.trade == Trade("paid", "201807251814000000175473", "951807261002324791038", 136, PUBLISHED_AT)


def test_a_published_notice_with_one_fen_more_is_not() -> None:
    changed = PUBLISHED.replace(b"txnAmt=136", b"txnAmt=137")
    assert changed != PUBLISHED
    with pytest.raises(RefusedNoticeError) as refused:
        authentic(published_key(), PUBLISHED_MERCHANT, changed, PUBLISHED_AT)
    assert refused.value.verdict == "bad_signature"


async def test_a_payment_is_told_with_its_amount_number_and_time(world: World, unionpay: Gateway) -> None:
    trade = paid(world, "A1", 1234)
    assert trade.paid_at is not None
    told = (await read(unionpay, body(world, "paid:A1"))).trade
    assert told == Trade("paid", "A1", trade.gateway_trade_no, 1234, trade.paid_at.replace(microsecond=0))


@pytest.mark.parametrize("fails", [False, True])
async def test_the_end_of_a_refund_is_told(world: World, unionpay: Gateway, fails: bool) -> None:
    number = f"B{fails}"
    paid(world, number, 1000)
    if fails:
        world.state.refunds_fail.add(f"R{number}")
    refund = world.state.book.open_refund("unionpay", number, f"R{number}", 300)
    world.state.refund_begun(refund)
    told = (await read(unionpay, body(world, f"refunded:R{number}"))).refund
    assert told is not None
    assert (told.state, told.out_refund_no) == ("failed" if fails else "succeeded", f"R{number}")
    assert (told.amount_fen, told.gateway_refund_no) == (300, refund.gateway_refund_no)


@pytest.mark.parametrize(
    ("tampering", "expected"),
    [
        ("bad_signature", "bad_signature"),
        ("unknown_serial", "unknown_serial"),
        ("stale", "stale"),
        ("wrong_merchant", "wrong_merchant"),
        ("unreadable", "malformed"),
    ],
)
async def test_a_notice_that_is_not_authentic_is_refused(
    world: World, unionpay: Gateway, tampering: Tampering, expected: str
) -> None:
    paid(world, f"C{tampering}")
    with pytest.raises(RefusedNoticeError) as refused:
        await read(unionpay, body(world, f"paid:C{tampering}", tampering))
    assert refused.value.verdict == expected


async def test_a_certificate_of_unionpay_s_over_another_s_signature_is_refused(world: World, unionpay: Gateway) -> None:
    """A forger who copies the certificate out of a true notice still has no key."""
    paid(world, "D1")
    true = dict(parse_qsl(body(world, "paid:D1").decode()))
    forged = dict(parse_qsl(body(world, "paid:D1", "unknown_serial").decode()))
    with pytest.raises(RefusedNoticeError) as refused:
        await read(unionpay, urlencode(forged | {"signPubKeyCert": true["signPubKeyCert"]}).encode())
    assert refused.value.verdict == "bad_signature"


@given(position=st.integers(min_value=0), with_byte=st.integers(min_value=0, max_value=255))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_changed_byte_makes_a_notice_say_something_else(
    world: World, unionpay: Gateway, position: int, with_byte: int
) -> None:
    if world.state.book.trade("unionpay", "E1") is None:
        paid(world, "E1")
    true = body(world, "paid:E1")
    changed = bytearray(true)
    changed[position % len(true)] = with_byte
    try:
        notice = await read(unionpay, bytes(changed))
    except RefusedNoticeError:
        return
    assert notice == await read(unionpay, true)


@given(garbage=st.binary(max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_garbage_is_refused_and_never_an_exception(unionpay: Gateway, garbage: bytes) -> None:
    with pytest.raises(RefusedNoticeError):
        await read(unionpay, garbage)


async def test_unionpay_reads_the_status(unionpay: Gateway) -> None:
    assert unionpay.acknowledge(accepted=True).status == 200
    assert unionpay.acknowledge(accepted=False).status == 400
