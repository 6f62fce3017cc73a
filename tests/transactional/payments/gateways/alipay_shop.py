"""A shop's side of simulated Alipay: what it asks, and the moments at which the gateway stands."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from mingsuan import clock
from simulation.gateways.entries import BookedTrade
from simulation.gateways.state import State
from tests.simulation.gateways.served import World
from transactional.payments.gateways.alipay import AlipayGateway
from transactional.payments.gateways.alipay_client import AlipayClient
from transactional.payments.gateways.interface import PaymentAsk, RefundAsk

NOTICES = "http://shop.test/gateways/alipay/notices"
ORDER = "http://shop.test/orders/1"
HANG_S, IMPATIENT_S = 2.5, 1.0


def shop_s(world: World, socket_seconds: float = 10) -> AlipayGateway:
    """The shop's adapter. With IMPATIENT_S it does not wait as long as the simulation hangs."""
    settings = world.settings()
    assert settings.alipay_private_key_file is not None
    assert settings.alipay_public_key_file is not None
    client = AlipayClient(
        str(settings.alipay_app_id),
        settings.alipay_private_key_file.read_text(),
        settings.alipay_public_key_file.read_text(),
        settings.alipay_gateway_url,
        socket_seconds=socket_seconds,
    )
    return AlipayGateway(client, settings.alipay_seller_id, 60)


def asked(number: str, fen: int = 1234, way: str = "page", **others: Any) -> PaymentAsk:
    defaults: dict[str, Any] = {
        "title": "视频会员 1 年",
        "expires_at": clock.now() + timedelta(minutes=15),
        "notify_url": NOTICES,
        "return_url": ORDER,
        "client_ip": "127.0.0.1",
    }
    return PaymentAsk(number, fen, way=way, **{**defaults, **others})


def refund_of(trade: BookedTrade, number: str, fen: int) -> RefundAsk:
    return RefundAsk(trade.out_trade_no, trade.gateway_trade_no, number, fen, trade.paid_fen or 0, "不想要了", NOTICES)


def paid(world: World, number: str, fen: int = 1234, **others: Any) -> BookedTrade:
    """A trade that a buyer has opened and paid, whatever the shop knows of it."""
    world.state.book.open_trade("alipay", number, fen, title="会员", way="page", notify_url=NOTICES, **others)
    return world.state.pay("alipay", number)


@contextmanager
def standing_at(state: State, instant: datetime) -> Iterator[None]:
    """The gateway's clock at another instant."""
    kept = state.now, state.book.now
    state.now = state.book.now = lambda: instant
    try:
        yield
    finally:
        state.now, state.book.now = kept
