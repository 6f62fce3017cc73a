"""Profit sharing (分账) over the simulated WeChat Pay: asynchronous, capped, given back before a refund."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from simulation.gateways import wechat_shares
from simulation.gateways.misbehaviour import AnswerFault
from tests.simulation.gateways.served import World, served
from tests.transactional.payments.gateways.wechat_shop import a_refund, new_number, paid, shop_of
from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways.interface import GatewayRefusedError, ShareAsk, ShareFact, Trade
from transactional.payments.gateways.wechat import WechatGateway

pytestmark = [pytest.mark.enable_socket, pytest.mark.anyio]
PARTNER = "1900000999"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.mktemp("gateways")) as world:
        yield world


@pytest.fixture(autouse=True)
def quick(world: World) -> Iterator[None]:
    """The minute before a share and its processing last a millisecond."""
    world.state.time_scale = 1e-5
    yield
    world.state.time_scale = 1e-5


async def ended(ask: Callable[[], Awaitable[ShareFact]]) -> ShareFact:
    """The fact once it is no longer in processing."""
    async with asyncio.timeout(5):
        while (fact := await ask()).state == "processing":
            await asyncio.sleep(0)
    return fact


def a_share(trade: Trade, amount_fen: int, number: str | None = None) -> ShareAsk:
    return ShareAsk(trade.gateway_trade_no or "", number or new_number(), PARTNER, amount_fen, "分账")


async def sharable(world: World, gateway: WechatGateway) -> Trade:
    trade = await paid(world, gateway, shares_profit=True)
    await asyncio.sleep(0.001)
    return trade


async def test_a_share_is_accepted_first_and_known_by_query(world: World) -> None:
    async with shop_of(world) as gateway:
        trade = await sharable(world, gateway)
        world.state.time_scale = 1.0
        ask = a_share(trade, 300)
        with pytest.raises(GatewayRefusedError, match="INVALID_REQUEST"):
            await gateway.share(ask)  # less than a minute after the payment
        world.state.time_scale = 1e-5
        await gateway.share(ask)
        fact = await ended(lambda: gateway.query_share(ask.gateway_trade_no, ask.out_order_no))
        assert (fact.state, fact.amount_fen) == ("succeeded", 300)
        assert fact.settled_at is not None
        again = await gateway.share(ask)
        assert again == fact


async def test_a_share_in_processing_is_not_called_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wechat_shares, "PROCESSING_S", 1e9)
    async with shop_of(world) as gateway:
        trade = await sharable(world, gateway)
        ask = a_share(trade, 300)
        await gateway.share(ask)
        fact = await gateway.query_share(ask.gateway_trade_no, ask.out_order_no)
        assert (fact.state, fact.settled_at) == ("processing", None)


async def test_only_flagged_payments_up_to_the_ceiling_can_be_shared(world: World) -> None:
    async with shop_of(world) as gateway:
        plain = await paid(world, gateway)
        with pytest.raises(GatewayRefusedError, match="非分账订单"):
            await gateway.share(a_share(plain, 100))
        trade = await sharable(world, gateway)
        with pytest.raises(GatewayRefusedError, match="RULE_LIMIT"):
            await gateway.share(a_share(trade, 301))
        await gateway.share(a_share(trade, 300))
        with pytest.raises(GatewayRefusedError, match="RULE_LIMIT"):
            await gateway.share(a_share(trade, 1))


async def test_a_share_that_fails_says_why(world: World) -> None:
    async with shop_of(world) as gateway:
        trade = await sharable(world, gateway)
        ask = a_share(trade, 200)
        world.state.shares_fail.add(ask.out_order_no)
        await gateway.share(ask)
        fact = await ended(lambda: gateway.query_share(ask.gateway_trade_no, ask.out_order_no))
        assert (fact.state, fact.reason) == ("failed", "ACCOUNT_ABNORMAL")


async def test_a_refund_after_sharing_needs_the_share_back(world: World) -> None:
    async with shop_of(world) as gateway:
        trade = await sharable(world, gateway)
        share = a_share(trade, 300)
        await gateway.share(share)
        await ended(lambda: gateway.query_share(share.gateway_trade_no, share.out_order_no))
        with pytest.raises(GatewayRefusedError, match="NOT_ENOUGH"):
            await gateway.refund(a_refund(trade, 1_000))
        with pytest.raises(GatewayRefusedError, match="NOT_ENOUGH"):
            await gateway.return_share(a_share(trade, 301), share.out_order_no)
        back = a_share(trade, 300)
        fact = await ended(lambda: gateway.return_share(back, share.out_order_no))
        assert (fact.state, fact.out_order_no, fact.amount_fen) == ("succeeded", back.out_order_no, 300)
        assert (await gateway.refund(a_refund(trade, 1_000))).state == "processing"
        assert len(world.state.book.shares("wechat", trade.out_trade_no)) == 2


async def test_what_is_left_is_released_once_and_nothing_is_shared_afterwards(world: World) -> None:
    async with shop_of(world) as gateway:
        trade = await sharable(world, gateway)
        number, trade_no = new_number(), trade.gateway_trade_no or ""
        assert world.state.book.frozen_fen("wechat") >= 994
        await gateway.release_share(trade_no, number)
        fact = await ended(lambda: gateway.query_share(trade_no, number))
        assert (fact.state, fact.amount_fen) == ("succeeded", 1_000)
        assert await gateway.release_share(trade_no, number) == fact
        with pytest.raises(GatewayRefusedError, match="已完结"):
            await gateway.share(a_share(trade, 100))


@pytest.mark.parametrize("fault", ["unsigned", "server_error_after", "server_error"])
async def test_a_share_without_a_usable_answer_is_found_by_query_or_asked_again(
    world: World, fault: AnswerFault
) -> None:
    async with shop_of(world) as gateway:
        trade = await sharable(world, gateway)
        ask = a_share(trade, 100)
        world.state.faults.plan("wechat", "share", fault)
        with pytest.raises(UnknownOutcomeError):
            await gateway.share(ask)
        found = await gateway.query_share(ask.gateway_trade_no, ask.out_order_no)
        assert (found.state == "not_found") == (fault == "server_error")
        await gateway.share(ask)
        assert world.state.book.shared_fen(world.state.book.trade("wechat", trade.out_trade_no)) == 100  # type: ignore[arg-type]
