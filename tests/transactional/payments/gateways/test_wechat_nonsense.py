"""Answers that are well signed and still cannot be used: about something else, or not what the documents promise."""

import json
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest

from mingsuan import clock
from simulation.gateways.app import create_app
from simulation.gateways.keys import environment
from simulation.gateways.state import State
from simulation.gateways.wechat_signing import signature_headers
from tests.simulation.gateways.served import World
from tests.transactional.payments.gateways.wechat_shop import Hanging, an_ask, hasty_client, shop_of
from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways.interface import GatewayRefusedError, RefundAsk, ShareAsk, Trade
from transactional.payments.gateways.wechat import WechatGateway

pytestmark = pytest.mark.anyio
NUMBER = "A00001"
BASE_URL = "http://gateways.test"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Keys and settings alone; nothing listens."""
    folder = tmp_path_factory.mktemp("gateways")
    state: State = create_app(folder, "http://shop.test", base_url=BASE_URL, in_memory=True, held=True).state.gateways
    yield World(state, BASE_URL, environment(folder, BASE_URL))
    state.close()


class Says(httpx.AsyncBaseTransport):
    """Answers everything with the same words, under the platform's signature."""

    def __init__(self, world: World, status: int, content: object) -> None:
        self.world, self.status = world, status
        self.body = content if isinstance(content, bytes) else json.dumps(content).encode()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        keys = self.world.state.keys
        headers = signature_headers(keys.wechat_gateway.private, keys.wechat_public_key_id, self.body, clock.now())
        headers["Content-Type"] = "application/json; charset=utf-8"
        return httpx.Response(self.status, headers=headers, content=self.body)


def a_trade(world: World, **changed: object) -> dict[str, Any]:
    settings = world.settings()
    return {
        "appid": settings.wechat_appid,
        "mchid": settings.wechat_mchid,
        "out_trade_no": NUMBER,
        "transaction_id": "4200000001",
        "trade_state": "SUCCESS",
        "success_time": "2026-05-01T12:00:00+08:00",
        "amount": {"total": 1_000, "currency": "CNY"},
        **changed,
    }


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("SUCCESS", "paid"),
        ("REFUND", "paid"),
        ("NOTPAY", "waiting"),
        ("USERPAYING", "waiting"),
        ("CLOSED", "closed"),
        ("REVOKED", "closed"),
        ("PAYERROR", "failed"),
    ],
)
async def test_every_state_of_a_trade_has_its_word_here(world: World, word: str, state: str) -> None:
    async with shop_of(world, Says(world, 200, a_trade(world, trade_state=word))) as gateway:
        trade = await gateway.query(NUMBER)
    assert trade.state == state
    if state != "paid":
        assert trade == Trade(trade.state, NUMBER)


@pytest.mark.parametrize(
    "changed",
    [
        {"out_trade_no": "A00002"},
        {"mchid": "1900000110"},
        {"appid": "wx0"},
        {"trade_state": "PAID"},
        {"amount": {"total": "1000"}},
        {"success_time": "yesterday"},
        {"transaction_id": ""},
    ],
)
async def test_an_answer_about_something_else_or_nothing_known_leaves_the_trade_unknown(
    world: World, changed: dict[str, object]
) -> None:
    async with shop_of(world, Says(world, 200, a_trade(world, **changed))) as gateway:
        with pytest.raises(UnknownOutcomeError):
            await gateway.query(NUMBER)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"<html>", {}])
async def test_a_payment_without_a_link_is_of_unknown_outcome(world: World, content: object) -> None:
    async with shop_of(world, Says(world, 200, content)) as gateway:
        with pytest.raises(UnknownOutcomeError):
            await gateway.create(an_ask())


@pytest.mark.parametrize("word", ["SUCCESS", "PROCESSING"])
async def test_an_answer_about_another_refund_proves_nothing(world: World, word: str) -> None:
    said = {
        "out_trade_no": NUMBER,
        "out_refund_no": "R2",
        "refund_id": "503",
        "status": word,
        "amount": {"refund": 100},
    }
    ask = RefundAsk(NUMBER, None, "R1", 100, 1_000, "", "http://shop.test/n")
    async with shop_of(world, Says(world, 200, said)) as gateway:
        with pytest.raises(UnknownOutcomeError, match="another refund"):
            await gateway.refund(ask)
        said["out_refund_no"] = "R1"
    async with shop_of(world, Says(world, 200, said)) as gateway:
        assert (await gateway.refund(ask)).out_refund_no == "R1"


async def test_a_share_that_the_gateway_has_not_ended_has_no_instant(world: World) -> None:
    said = {
        "transaction_id": "4200000001",
        "out_order_no": "S1",
        "order_id": "301",
        "state": "PROCESSING",
        "receivers": [
            {"amount": 5, "account": "1900000999", "result": "PENDING", "finish_time": "2026-05-01T00:00:00+08:00"}
        ],
    }
    async with shop_of(world, Says(world, 200, said)) as gateway:
        fact = await gateway.share(ShareAsk("4200000001", "S1", "1900000999", 5, "share"))
        assert (fact.state, fact.settled_at) == ("processing", None)
        with pytest.raises(UnknownOutcomeError, match="another share"):
            await gateway.query_share("4200000001", "S2")
        with pytest.raises(UnknownOutcomeError):
            await gateway.return_share(ShareAsk("4200000001", "B1", "1900000999", 5, "share"), "S1")


async def test_closing_what_is_closed_is_done(world: World) -> None:
    async with shop_of(world, Says(world, 400, {"code": "ORDER_CLOSED", "message": "closed"})) as gateway:
        await gateway.close(NUMBER)
    async with shop_of(world, Says(world, 400, {"code": "ORDERPAID", "message": "paid"})) as gateway:
        with pytest.raises(GatewayRefusedError, match="ORDERPAID"):
            await gateway.close(NUMBER)


async def test_the_whole_call_has_its_time_whatever_the_connection_does(world: World) -> None:
    gateway = WechatGateway(hasty_client(world, 0.05, Hanging()), 60)
    with anyio.fail_after(2):
        with pytest.raises(UnknownOutcomeError, match="no answer within"):
            await gateway.query(NUMBER)


@pytest.mark.parametrize(
    ("status", "code", "certain"),
    [
        (400, "PARAM_ERROR", True),
        (403, "NOT_ENOUGH", True),
        (404, "RESOURCE_NOT_EXISTS", True),
        (400, "SYSTEM_ERROR", False),
        (403, "FREQUENCY_LIMITED", False),
        (400, "", False),
        (401, "SIGN_ERROR", False),
        (408, "PARAM_ERROR", False),
        (429, "FREQUENCY_LIMITED", False),
        (500, "PARAM_ERROR", False),
        (302, "PARAM_ERROR", False),
    ],
)
async def test_only_a_clear_no_counts_as_a_refusal(world: World, status: int, code: str, certain: bool) -> None:
    ask = RefundAsk(NUMBER, None, "R1", 100, 1_000, "", "http://shop.test/n")
    async with shop_of(world, Says(world, status, {"code": code, "message": "no"})) as gateway:
        with pytest.raises(GatewayRefusedError if certain else UnknownOutcomeError) as error:
            await gateway.refund(ask)
    assert error.value.http_status == status
