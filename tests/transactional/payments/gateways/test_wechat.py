"""The shop's WeChat Pay against the simulated one, over HTTP on this machine."""

import asyncio
import base64
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mingsuan import clock
from simulation.gateways.misbehaviour import AnswerFault
from tests.simulation.gateways.served import World, served
from tests.transactional.payments.gateways.wechat_shop import (
    ORDER_PAGE,
    a_notice,
    a_refund,
    an_ask,
    hasty_client,
    new_number,
    paid,
    shop_of,
)
from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways.interface import GatewayRefusedError
from transactional.payments.gateways.wechat import WechatGateway, best_way

pytestmark = [pytest.mark.enable_socket, pytest.mark.anyio]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.mktemp("gateways"), hang_s=0.6) as world:
        yield world


async def test_a_native_payment_is_a_qr_code_that_opens_the_cashier(world: World) -> None:
    async with shop_of(world) as gateway:
        ask = an_ask()
        link = await gateway.create(ask)
        assert link.kind == "qr"
        async with httpx.AsyncClient() as phone:
            assert "¥10.00" in (await phone.get(link.url)).text
            await phone.post(f"{link.url}/pay")
        trade = await gateway.query(ask.out_trade_no)
        booked = world.state.book.trade("wechat", ask.out_trade_no)
        assert booked is not None
        assert (trade.state, trade.amount_fen, trade.gateway_trade_no) == ("paid", 1_000, booked.gateway_trade_no)
        assert booked.paid_at is not None
        assert trade.paid_at == booked.paid_at.replace(microsecond=0)
        assert booked.title == ask.title


async def test_an_h5_payment_leads_to_the_gateway_and_from_there_back_to_the_order(world: World) -> None:
    async with shop_of(world) as gateway:
        link = await gateway.create(an_ask("h5"))
    assert link.kind == "redirect"
    assert parse_qs(urlsplit(link.url).query)["redirect_url"] == [ORDER_PAGE]
    async with httpx.AsyncClient() as phone:
        cashier = await phone.get(link.url, follow_redirects=True)
        left = await phone.post(f"{cashier.url}/pay")
    assert left.headers["location"] == ORDER_PAGE


async def test_jsapi_parameters_carry_the_merchants_signature(world: World, tmp_path: Path) -> None:
    """Checked by OpenSSL's own command, over the text that the gateway documents."""
    async with shop_of(world) as gateway:
        link = await gateway.create(an_ask("jsapi", payer_id="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"))
    fields = link.fields
    assert (link.kind, fields["signType"]) == ("jsapi", "RSA")
    assert fields["package"].startswith("prepay_id=wx")
    lines = (fields["appId"], fields["timeStamp"], fields["nonceStr"], fields["package"])
    (tmp_path / "text").write_text("".join(f"{line}\n" for line in lines))
    (tmp_path / "sign").write_bytes(base64.b64decode(fields["paySign"]))
    key = world.state.keys.wechat_shop.public_file
    command = ["openssl", "dgst", "-sha256", "-verify", key, "-signature", tmp_path / "sign", tmp_path / "text"]
    assert subprocess.run(command, capture_output=True, check=False).stdout == b"Verified OK\n"


async def test_jsapi_without_the_payers_openid_and_unknown_ways_are_refused(world: World) -> None:
    async with shop_of(world) as gateway:
        for ask in (an_ask("jsapi"), an_ask("cash")):
            with pytest.raises(GatewayRefusedError, match="PARAM_ERROR"):
                await gateway.create(ask)
            assert world.state.book.trade("wechat", ask.out_trade_no) is None


async def test_titles_are_cut_to_the_bytes_that_the_gateway_takes(world: World) -> None:
    async with shop_of(world) as gateway:
        long, nameless = an_ask(title="礼" * 100), an_ask(title="")
        await gateway.create(long)
        await gateway.create(nameless)
    booked = [world.state.book.trade("wechat", ask.out_trade_no) for ask in (long, nameless)]
    assert [trade.title for trade in booked if trade] == ["礼" * 42, nameless.out_trade_no]


async def test_asking_twice_is_one_trade_and_other_terms_under_the_number_are_refused(world: World) -> None:
    async with shop_of(world) as gateway:
        ask = an_ask()
        assert await gateway.create(ask) == await gateway.create(ask)
        with pytest.raises(GatewayRefusedError, match="OUT_TRADE_NO_USED"):
            await gateway.create(an_ask(out_trade_no=ask.out_trade_no, amount_fen=999))
        world.state.pay("wechat", ask.out_trade_no)
        with pytest.raises(GatewayRefusedError, match="ORDERPAID"):
            await gateway.create(ask)


async def test_a_trade_is_unknown_waiting_closed_or_refunded(world: World) -> None:
    async with shop_of(world) as gateway:
        assert (await gateway.query(new_number())).state == "not_found"
        ask = an_ask()
        await gateway.create(ask)
        assert (await gateway.query(ask.out_trade_no)).state == "waiting"
        await gateway.close(ask.out_trade_no)
        await gateway.close(ask.out_trade_no)
        assert (await gateway.query(ask.out_trade_no)).state == "closed"
        with pytest.raises(GatewayRefusedError, match="ORDER_CLOSED"):
            await gateway.create(ask)
        trade = await paid(world, gateway)
        await gateway.refund(a_refund(trade, 1_000))
        assert await gateway.query(trade.out_trade_no) == trade


async def test_a_paid_trade_is_not_closed(world: World) -> None:
    async with shop_of(world) as gateway:
        trade = await paid(world, gateway)
        with pytest.raises(GatewayRefusedError, match="ORDERPAID"):
            await gateway.close(trade.out_trade_no)


async def test_refunds_are_partial_repeated_and_one_per_number(world: World) -> None:
    async with shop_of(world) as gateway:
        trade = await paid(world, gateway)
        first = a_refund(trade, 400)
        begun = await gateway.refund(first)
        assert (begun.state, begun.amount_fen) == ("processing", 400)
        again = await gateway.refund(first)
        assert (again.state, again.gateway_refund_no) == ("succeeded", begun.gateway_refund_no)
        with pytest.raises(GatewayRefusedError, match="OUT_TRADE_NO_USED"):
            await gateway.refund(a_refund(trade, 300, first.out_refund_no))
        with pytest.raises(GatewayRefusedError, match="NOT_ENOUGH"):
            await gateway.refund(a_refund(trade, 601))
        rest = a_refund(trade, 600)
        await gateway.refund(rest)
        found = await gateway.query_refund(trade.out_trade_no, rest.out_refund_no)
        assert (found.state, found.amount_fen) == ("succeeded", 600)
        assert found.refunded_at is not None
        assert clock.now() - found.refunded_at < timedelta(seconds=30)
        assert (await gateway.query_refund(trade.out_trade_no, new_number())).state == "not_found"


async def test_a_refund_that_cannot_be_paid_out_fails_with_the_gateways_word(world: World) -> None:
    async with shop_of(world) as gateway:
        trade = await paid(world, gateway)
        ask = a_refund(trade, 100)
        world.state.refunds_fail.add(ask.out_refund_no)
        await gateway.refund(ask)
        found = await gateway.query_refund(trade.out_trade_no, ask.out_refund_no)
        assert (found.state, found.reason, found.refunded_at) == ("failed", "ABNORMAL", None)
        notice = await gateway.authenticate(*a_notice(world, f"refunded:{ask.out_refund_no}"), clock.now())
        assert notice.refund == found


async def test_an_answer_about_another_trades_refund_proves_nothing(world: World) -> None:
    async with shop_of(world) as gateway:
        trade = await paid(world, gateway)
        ask = a_refund(trade, 100)
        await gateway.refund(ask)
        with pytest.raises(UnknownOutcomeError, match="another trade's refund"):
            await gateway.query_refund(new_number(), ask.out_refund_no)


UNKNOWN: tuple[AnswerFault, ...] = (
    "unsigned",
    "bad_signature",
    "server_error",
    "server_error_after",
    "frequency_limited",
)


@pytest.mark.parametrize("fault", UNKNOWN)
async def test_a_refund_whose_answer_proves_nothing_is_found_by_query_or_asked_again(
    world: World, fault: AnswerFault
) -> None:
    async with shop_of(world) as gateway:
        trade = await paid(world, gateway)
        ask = a_refund(trade, 250)
        world.state.faults.plan("wechat", "refund", fault)
        with pytest.raises(UnknownOutcomeError):
            await gateway.refund(ask)
        found = await gateway.query_refund(trade.out_trade_no, ask.out_refund_no)
        happened = fault not in ("server_error", "frequency_limited")
        assert found.state == ("succeeded" if happened else "not_found")
        await gateway.refund(ask)
        assert len(world.state.book.refunds("wechat", trade.out_trade_no)) == 1


@pytest.mark.parametrize("operation", ["create", "query", "close", "query_refund", "bill"])
@pytest.mark.parametrize("fault", ["unsigned", "bad_signature"])
async def test_no_answer_is_believed_without_the_gateways_signature(
    world: World, operation: str, fault: AnswerFault
) -> None:
    async with shop_of(world) as gateway:
        trade = await paid(world, gateway)
        world.state.faults.plan("wechat", operation, fault)
        calls = {
            "create": lambda: gateway.create(an_ask()),
            "query": lambda: gateway.query(trade.out_trade_no),
            "close": lambda: gateway.close(trade.out_trade_no),  # a refusal, ORDERPAID, when it is signed
            "query_refund": lambda: gateway.query_refund(trade.out_trade_no, new_number()),  # so is not found
            "bill": lambda: gateway.bill(clock.now().date()),
        }
        with pytest.raises(UnknownOutcomeError, match="signature"):
            await calls[operation]()


@pytest.mark.parametrize("fault", ["hang_before", "hang_after"])
async def test_no_call_waits_longer_than_its_time(world: World, fault: AnswerFault) -> None:
    gateway = WechatGateway(hasty_client(world, 0.2), 60)
    ask = an_ask()
    world.state.faults.plan("wechat", "create", fault)
    started = asyncio.get_running_loop().time()
    with pytest.raises(UnknownOutcomeError, match="no answer"):
        await gateway.create(ask)
    assert asyncio.get_running_loop().time() - started < 0.5
    await gateway.aclose()
    booked = world.state.book.trade("wechat", ask.out_trade_no)
    assert (booked is not None) == (fault == "hang_after")


async def test_a_gateway_that_is_not_there_leaves_the_outcome_unknown(world: World) -> None:
    gateway = WechatGateway.from_settings(world.settings(wechat_gateway_url="http://127.0.0.1:9"))
    with pytest.raises(UnknownOutcomeError, match="ConnectError"):
        await gateway.query(new_number())
    await gateway.aclose()


async def test_requests_signed_with_another_key_or_serial_are_turned_away(world: World) -> None:
    """A 401 is not certain: it says that keys or clocks are wrong, nothing of the payment."""
    other = world.settings(wechat_private_key_file=world.state.keys.alipay_shop.private_file)
    for settings in (other, world.settings(wechat_serial_no="00")):
        gateway = WechatGateway.from_settings(settings)
        ask = an_ask()
        with pytest.raises(UnknownOutcomeError) as unknown:
            await gateway.create(ask)
        assert unknown.value.http_status == 401
        assert world.state.book.trade("wechat", ask.out_trade_no) is None
        await gateway.aclose()


async def test_an_answer_that_was_signed_long_ago_proves_nothing(world: World) -> None:
    async with shop_of(world) as gateway:
        trade = await paid(world, gateway)
        with clock.at(clock.now() + timedelta(seconds=301)), pytest.raises(UnknownOutcomeError, match="300 s"):
            await gateway.query(trade.out_trade_no)


async def test_an_appid_that_is_not_the_merchants_is_refused(world: World) -> None:
    gateway = WechatGateway.from_settings(world.settings(wechat_appid="wx0000000000000000"))
    with pytest.raises(GatewayRefusedError, match="APPID_MCHID_NOT_MATCH"):
        await gateway.create(an_ask())
    await gateway.aclose()


WECHAT_ON_ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; 22081212C) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 "
    "Mobile Safari/537.36 XWEB/1160065 MMWEBSDK/20231202 MicroMessenger/8.0.47.2560(0x28002F30) WeChat/arm64"
)
SAFARI_ON_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
    "Mobile/15E148 Safari/604.1"
)
FIREFOX_ON_LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.mark.parametrize(
    ("user_agent", "way"),
    [(WECHAT_ON_ANDROID, "jsapi"), (SAFARI_ON_IPHONE, "h5"), (FIREFOX_ON_LINUX, "native"), ("", "native")],
)
async def test_each_browser_gets_the_way_that_works_in_it(user_agent: str, way: str) -> None:
    assert best_way(user_agent) == way
