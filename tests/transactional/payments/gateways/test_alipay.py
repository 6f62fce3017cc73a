"""The Alipay adapter against simulated Alipay over HTTP: every way to pay, every refusal, every answer that fails."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import get_args
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from Cryptodome.PublicKey import RSA

from mingsuan import clock
from simulation.gateways.misbehaviour import AnswerFault
from tests.simulation.gateways.served import World, served
from tests.transactional.payments.gateways.alipay_shop import (
    HANG_S,
    IMPATIENT_S,
    ORDER,
    asked,
    paid,
    refund_of,
    shop_s,
    standing_at,
)
from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways.alipay import AlipayGateway
from transactional.payments.gateways.alipay_words import BEIJING
from transactional.payments.gateways.interface import GatewayRefusedError, ShareAsk, Trade

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]
FAILURES: tuple[AnswerFault, ...] = get_args(AnswerFault)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.getbasetemp() / "gateways", hang_s=HANG_S) as world:
        yield world


@pytest.fixture(scope="module")
async def alipay(world: World) -> AsyncIterator[AlipayGateway]:
    gateway = shop_s(world)
    yield gateway
    await gateway.aclose()


@pytest.fixture(autouse=True)
def _no_fault_is_left(world: World) -> Iterator[None]:
    yield
    world.state.faults.clear()


async def test_a_qr_code_leads_to_a_cashier_who_asks_for_the_amount(world: World, alipay: AlipayGateway) -> None:
    link = await alipay.create(asked("Q1", 1234, "precreate"))
    assert link.kind == "qr"
    page = httpx.get(link.url, follow_redirects=True).text
    assert "¥12.34" in page
    assert "视频会员 1 年" in page


@pytest.mark.parametrize("way", ["page", "wap"])
async def test_a_page_leads_to_the_cashier_and_back_to_the_order(world: World, alipay: AlipayGateway, way: str) -> None:
    link = await alipay.create(asked(f"P1{way}", 1234, way))
    assert link.kind == "redirect"
    cashier = str(httpx.get(link.url, follow_redirects=True).url)
    back = httpx.post(f"{cashier}/pay").headers["location"]
    assert back.startswith(f"{ORDER}?")
    assert parse_qs(urlsplit(back).query)["out_trade_no"] == [f"P1{way}"]
    assert (await alipay.query(f"P1{way}")).state == "paid"


async def test_a_trade_is_unknown_until_the_buyer_opens_it_then_waiting_then_paid(
    world: World, alipay: AlipayGateway
) -> None:
    link = await alipay.create(asked("L1", 99, "precreate"))
    assert await alipay.query("L1") == Trade("not_found", "L1")
    httpx.get(link.url)
    assert (await alipay.query("L1")).state == "waiting"
    at = datetime(2026, 3, 1, 15, 59, 58, 500_000, tzinfo=UTC)
    with standing_at(world.state, at), clock.at(at):
        trade = world.state.pay("alipay", "L1")
        told = await alipay.query("L1")
    assert told == Trade("paid", "L1", trade.gateway_trade_no, 99, at.replace(microsecond=0))


async def test_requests_carry_beijing_time_whatever_the_machine_s_zone(world: World, alipay: AlipayGateway) -> None:
    """The simulation refuses a timestamp that is a quarter of an hour off."""
    link = await alipay.create(asked("Z1"))
    sent = parse_qs(urlsplit(link.url).query)["timestamp"][0]
    written = datetime.strptime(sent, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    assert abs(written - clock.now()) < timedelta(minutes=1)
    with clock.at(clock.now() - timedelta(hours=8)), pytest.raises(UnknownOutcomeError, match="invalid-timestamp"):
        await alipay.query("Z1")


async def test_titles_lose_the_signs_that_alipay_refuses(world: World, alipay: AlipayGateway) -> None:
    await alipay.create(asked("T1", way="precreate", title="A/B=C&D  会员"))
    trade = world.state.book.trade("alipay", "T1")
    assert trade is not None
    assert trade.title == "A B C D 会员"


async def test_the_payment_s_time_ends_at_the_gateway_too(world: World, alipay: AlipayGateway) -> None:
    ends_at = clock.now() + timedelta(minutes=5)
    httpx.get((await alipay.create(asked("E1", expires_at=ends_at))).url)
    with standing_at(world.state, ends_at + timedelta(seconds=1)):
        assert (await alipay.query("E1")).state == "closed"


async def test_a_number_used_for_another_amount_is_refused(world: World, alipay: AlipayGateway) -> None:
    await alipay.create(asked("N1", 100, "precreate"))
    with pytest.raises(GatewayRefusedError) as refused:
        await alipay.create(asked("N1", 101, "precreate"))
    assert refused.value.code == "ACQ.CONTEXT_INCONSISTENT"


async def test_paying_twice_is_refused(world: World, alipay: AlipayGateway) -> None:
    paid(world, "N2")
    with pytest.raises(GatewayRefusedError, match="ACQ.TRADE_HAS_SUCCESS"):
        await alipay.create(asked("N2", way="precreate"))


async def test_an_open_trade_is_closed_and_cannot_be_paid_then(world: World, alipay: AlipayGateway) -> None:
    link = await alipay.create(asked("C1"))
    with pytest.raises(GatewayRefusedError, match="ACQ.TRADE_NOT_EXIST"):
        await alipay.close("C1")
    httpx.get(link.url)
    await alipay.close("C1")
    assert (await alipay.query("C1")).state == "closed"


async def test_a_paid_trade_cannot_be_closed(world: World, alipay: AlipayGateway) -> None:
    paid(world, "C2")
    with pytest.raises(GatewayRefusedError, match="ACQ.TRADE_STATUS_ERROR"):
        await alipay.close("C2")


async def test_a_refund_is_done_when_the_money_moved_and_moves_once(world: World, alipay: AlipayGateway) -> None:
    trade = paid(world, "R1", 1000)
    first = await alipay.refund(refund_of(trade, "RR1", 300))
    assert (first.state, first.amount_fen) == ("succeeded", 300)
    again = await alipay.refund(refund_of(trade, "RR1", 300))
    assert again.state == "processing", "code 10000 without fund_change is not success"
    told = await alipay.query_refund("R1", "RR1")
    assert (told.state, told.amount_fen, told.refunded_at) == ("succeeded", 300, first.refunded_at)
    assert sum(r.amount_fen for r in world.state.book.refunds("alipay", "R1")) == 300


async def test_the_amount_of_a_second_refund_is_its_own(world: World, alipay: AlipayGateway) -> None:
    """`refund_fee` of the answer is the sum of both."""
    trade = paid(world, "R2", 1000)
    await alipay.refund(refund_of(trade, "RR2", 300))
    second = await alipay.refund(refund_of(trade, "RR3", 50))
    assert second.amount_fen == 50
    assert (await alipay.query_refund("R2", "RR3")).amount_fen == 50


@pytest.mark.parametrize(
    ("number", "fen", "code"),
    [("RX1", 1001, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"), ("RX0", 701, "ACQ.DISCORDANT_REPEAT_REQUEST")],
)
async def test_a_refund_of_too_much_or_of_another_amount_is_refused(
    world: World, alipay: AlipayGateway, number: str, fen: int, code: str
) -> None:
    name = f"R3{number}"
    trade = paid(world, name, 1000)
    await alipay.refund(refund_of(trade, f"{name}RX0", 700))
    with pytest.raises(GatewayRefusedError) as refused:
        await alipay.refund(refund_of(trade, f"{name}{number}", fen))
    assert refused.value.code == code


async def test_a_refund_that_waits_or_was_never_made_is_told_as_such(world: World, alipay: AlipayGateway) -> None:
    trade = paid(world, "R4", 1000)
    world.state.refunds_wait.add("RR4")
    assert (await alipay.refund(refund_of(trade, "RR4", 10))).state == "processing"
    assert (await alipay.query_refund("R4", "RR4")).state == "processing"
    world.state.end_refund("alipay", "RR4")
    assert (await alipay.query_refund("R4", "RR4")).state == "succeeded"
    assert (await alipay.query_refund("R4", "RR5")).state == "not_found"
    assert (await alipay.query_refund("never", "RR5")).state == "not_found"


async def test_a_refund_that_alipay_cannot_pay_is_refused(world: World, alipay: AlipayGateway) -> None:
    trade = paid(world, "R5", 1000)
    world.state.refunds_fail.add("RR6")
    with pytest.raises(GatewayRefusedError, match="ACQ.SELLER_BALANCE_NOT_ENOUGH"):
        await alipay.refund(refund_of(trade, "RR6", 10))
    assert (await alipay.query_refund("R5", "RR6")).state == "not_found"


async def test_profit_is_shared_once_and_told_by_query(world: World, alipay: AlipayGateway) -> None:
    trade = paid(world, "S1", 1000, shares_profit=True)
    ask = ShareAsk(trade.gateway_trade_no, "SS1", "2088102146225135", 300, "合伙人")
    assert (await alipay.share(ask)).state == "processing"
    assert (await alipay.share(ask)).state == "processing"
    told = await alipay.query_share(trade.gateway_trade_no, "SS1")
    assert (told.state, told.amount_fen) == ("succeeded", 300)
    assert world.state.book.shared_fen(trade) == 300
    assert (await alipay.query_share(trade.gateway_trade_no, "SS2")).state == "not_found"


async def test_more_than_the_payment_cannot_be_shared(world: World, alipay: AlipayGateway) -> None:
    trade = paid(world, "S2", 1000, shares_profit=True)
    with pytest.raises(GatewayRefusedError, match="ACQ.ALLOC_AMOUNT_VALIDATE_ERROR"):
        await alipay.share(ShareAsk(trade.gateway_trade_no, "SS3", "2088102146225135", 1001, "合伙人"))


async def test_after_the_release_nothing_more_is_shared(world: World, alipay: AlipayGateway) -> None:
    trade = paid(world, "S3", 1000, shares_profit=True)
    assert (await alipay.release_share(trade.gateway_trade_no, "SS4")).state == "succeeded"
    assert (await alipay.release_share(trade.gateway_trade_no, "SS4")).state == "succeeded"
    with pytest.raises(GatewayRefusedError, match="ACQ.TRADE_SETTLE_FINISHED"):
        await alipay.share(ShareAsk(trade.gateway_trade_no, "SS5", "2088102146225135", 1, "合伙人"))


async def test_a_refund_after_sharing_comes_out_of_the_shop_s_own_balance(world: World, alipay: AlipayGateway) -> None:
    """10.00 at 0.6 % costs 6 fen, which come back; the partner keeps 3.00, so Alipay is owed that by the shop."""
    before = world.state.book.receivable_fen("alipay")
    trade = paid(world, "S4", 1000, shares_profit=True)
    await alipay.share(ShareAsk(trade.gateway_trade_no, "SS8", "2088102146225135", 300, "合伙人"))
    assert (await alipay.refund(refund_of(trade, "RS4", 1000))).state == "succeeded"
    assert world.state.book.receivable_fen("alipay") - before == -300


async def test_a_share_is_returned_by_the_partner_once(world: World, alipay: AlipayGateway) -> None:
    before = world.state.book.receivable_fen("alipay")
    trade, partner = paid(world, "S5", 1000, shares_profit=True), "2088102146225135"
    await alipay.share(ShareAsk(trade.gateway_trade_no, "SS9", partner, 300, "合伙人"))
    back = ShareAsk(trade.gateway_trade_no, "SS10", partner, 300, "合伙人")
    for _ in range(2):
        assert (await alipay.return_share(back, "SS9")).state == "processing"
    told = await alipay.query_share(trade.gateway_trade_no, "SS10")
    assert (told.state, told.amount_fen) == ("succeeded", 300)
    assert world.state.book.receivable_fen("alipay") - before == 1000 - 6
    assert world.state.book.refunds("alipay", "S5") == [], "the buyer got nothing"


async def test_more_than_the_partner_has_is_not_returned(world: World, alipay: AlipayGateway) -> None:
    trade, partner = paid(world, "S6", 1000, shares_profit=True), "2088102146225135"
    await alipay.share(ShareAsk(trade.gateway_trade_no, "SS11", partner, 300, "合伙人"))
    with pytest.raises(GatewayRefusedError, match="ACQ.REFUND_ROYALTY_ERROR"):
        await alipay.return_share(ShareAsk(trade.gateway_trade_no, "SS12", partner, 301, ""), "SS11")
    with pytest.raises(GatewayRefusedError, match="ACQ.REFUND_ROYALTY_ERROR"):
        await alipay.return_share(ShareAsk(trade.gateway_trade_no, "SS13", "2088000000000009", 1, ""), "SS11")


@pytest.mark.parametrize("fault", FAILURES)
async def test_an_answer_that_fails_leaves_the_outcome_open_and_the_query_tells_it(
    world: World, alipay: AlipayGateway, fault: AnswerFault
) -> None:
    trade = paid(world, f"F{fault}", 1000)
    ask = refund_of(trade, f"RF{fault}", 100)
    world.state.faults.plan("alipay", "refund", fault)
    impatient = shop_s(world, IMPATIENT_S)
    with pytest.raises(UnknownOutcomeError):
        await impatient.refund(ask)
    await impatient.aclose()
    was_done = fault not in ("server_error", "hang_before", "frequency_limited")
    told = await alipay.query_refund(trade.out_trade_no, ask.out_refund_no)
    assert told.state == ("succeeded" if was_done else "not_found")
    await alipay.refund(ask)
    assert (await alipay.query_refund(trade.out_trade_no, ask.out_refund_no)).state == "succeeded"
    assert sum(r.amount_fen for r in world.state.book.refunds("alipay", trade.out_trade_no)) == 100


@pytest.mark.parametrize("fault", FAILURES)
async def test_no_answer_that_fails_is_taken_for_a_payment(world: World, fault: AnswerFault) -> None:
    paid(world, f"G{fault}")
    world.state.faults.plan("alipay", "query", fault)
    impatient = shop_s(world, IMPATIENT_S)
    with pytest.raises(UnknownOutcomeError):
        await impatient.query(f"G{fault}")
    await impatient.aclose()


async def test_a_signed_answer_about_another_trade_is_not_believed(
    world: World, alipay: AlipayGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer once given, replayed to a question about another number."""
    paid(world, "H1")
    told = await alipay._client.call("alipay.trade.query", {"out_trade_no": "H1"})

    async def replayed(*_: object) -> object:
        return told

    monkeypatch.setattr(alipay._client, "call", replayed)
    with pytest.raises(UnknownOutcomeError, match="H2"):
        await alipay.query("H2")


async def test_a_gateway_that_is_not_there_leaves_the_outcome_open(world: World) -> None:
    gateway = shop_s(world)
    gateway._client._library._gateway = "http://127.0.0.1:9/gateway.do"
    with pytest.raises(UnknownOutcomeError, match="no answer"):
        await gateway.query("X")
    await gateway.aclose()


async def test_wrong_keys_leave_the_outcome_open_because_they_say_nothing_about_the_money(world: World) -> None:
    stranger = shop_s(world)
    stranger._client._library._app_private_key = RSA.import_key(world.state.keys.wechat_shop.private_file.read_bytes())
    with pytest.raises(UnknownOutcomeError, match="isv.invalid-signature"):
        await stranger.query("X")
    await stranger.aclose()


async def test_alipay_reads_success_or_failure_and_nothing_else(alipay: AlipayGateway) -> None:
    assert alipay.acknowledge(accepted=True).body == "success"
    assert alipay.acknowledge(accepted=False).body == "failure"
