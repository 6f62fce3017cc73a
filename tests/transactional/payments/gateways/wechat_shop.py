"""A merchant of the simulated WeChat Pay: gateways with and without a network, and what they ask for."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import anyio
import httpx

from mingsuan import clock
from simulation.gateways.misbehaviour import Tampering
from tests.simulation.gateways.served import World
from transactional.payments.gateways.interface import PaymentAsk, RefundAsk, Trade
from transactional.payments.gateways.wechat import WechatGateway
from transactional.payments.gateways.wechat_client import WechatClient

NOTICES = "http://shop.test/gateways/wechat/notices"
ORDER_PAGE = "http://shop.test/orders/1?a=b&c=d"


class NoNetwork(httpx.AsyncBaseTransport):
    """Fails the test on any request."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"an outgoing call: {request.method} {request.url}")


@asynccontextmanager
async def shop_of(world: World, transport: httpx.AsyncBaseTransport | None = None) -> AsyncIterator[WechatGateway]:
    gateway = WechatGateway.from_settings(world.settings(), transport)
    try:
        yield gateway
    finally:
        await gateway.aclose()


class Hanging(httpx.AsyncBaseTransport):
    """Never answers, and keeps no time itself."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError


def hasty_client(world: World, call_seconds: float, transport: httpx.AsyncBaseTransport | None = None) -> WechatClient:
    """A client that does not wait long."""
    keys, settings = world.state.keys, world.settings()
    return WechatClient(
        settings.wechat_mchid or "",
        settings.wechat_appid,
        settings.wechat_serial_no,
        keys.wechat_shop.private_file.read_text(),
        keys.wechat_api_v3,
        keys.wechat_gateway.public_file.read_text(),
        settings.wechat_public_key_id,
        settings.wechat_gateway_url,
        call_seconds=call_seconds,
        transport=transport,
    )


def new_number() -> str:
    return uuid4().hex


def an_ask(way: str = "native", amount_fen: int = 1_000, **others: object) -> PaymentAsk:
    asked: dict[str, object] = {
        "out_trade_no": new_number(),
        "amount_fen": amount_fen,
        "title": "Gift card 礼品卡",
        "way": way,
        "expires_at": clock.now() + timedelta(minutes=15),
        "notify_url": NOTICES,
        "return_url": ORDER_PAGE,
        "client_ip": "203.0.113.7",
    }
    return PaymentAsk(**{**asked, **others})  # type: ignore[arg-type]


async def paid(world: World, gateway: WechatGateway, amount_fen: int = 1_000, **others: object) -> Trade:
    """A payment that was made, as the gateway tells it."""
    ask = an_ask(amount_fen=amount_fen, **others)
    await gateway.create(ask)
    world.state.pay("wechat", ask.out_trade_no)
    return await gateway.query(ask.out_trade_no)


def a_refund(trade: Trade, amount_fen: int, out_refund_no: str | None = None) -> RefundAsk:
    return RefundAsk(
        trade.out_trade_no,
        trade.gateway_trade_no,
        out_refund_no or new_number(),
        amount_fen,
        trade.amount_fen or 0,
        "out of stock 缺货",
        NOTICES,
    )


def a_notice(world: World, name: str, tampering: Tampering = "none") -> tuple[dict[str, str], bytes]:
    """Headers with lower-case names, and the body, as they would arrive."""
    message = world.state.deliveries.message(name, tampering)
    return {key.lower(): value for key, value in message.headers.items()}, message.body


def without(headers: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != name}


def written_at(trade: Trade) -> datetime:
    assert trade.paid_at is not None
    return trade.paid_at
