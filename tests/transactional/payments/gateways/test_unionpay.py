"""The UnionPay-style adapter against its simulation over HTTP: paying by form, queries, refunds, failures, bills."""

import base64
import zlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import httpx
import pytest

from mingsuan import clock
from simulation.gateways.entries import BookedTrade
from simulation.gateways.misbehaviour import AnswerFault
from tests.simulation.gateways.served import World, served
from tests.transactional.payments.gateways.alipay_shop import HANG_S, IMPATIENT_S, standing_at
from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways import unionpay_bill, unionpay_words
from transactional.payments.gateways.configured import gateways
from transactional.payments.gateways.interface import (
    BillLine,
    BillNotReadyError,
    GatewayRefusedError,
    PayLink,
    PaymentAsk,
    RefundAsk,
    ShareAsk,
    Trade,
)
from transactional.payments.gateways.unionpay import UnionpayGateway

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]
NOTICES, ORDER = "http://shop.test/gateways/unionpay/notices", "http://shop.test/orders/1"
FAILURES: tuple[AnswerFault, ...] = get_args(AnswerFault)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.getbasetemp() / "gateways", hang_s=HANG_S) as world:
        yield world


@pytest.fixture(scope="module")
async def unionpay(world: World) -> AsyncIterator[UnionpayGateway]:
    gateway = gateways(world.settings(wechat_mchid=None, alipay_app_id=None))["unionpay"]
    assert isinstance(gateway, UnionpayGateway)
    yield gateway
    await gateway.aclose()


@pytest.fixture(autouse=True)
def _as_patient_as_ever(world: World, unionpay: UnionpayGateway) -> Iterator[None]:
    patience = unionpay._client.timeout
    yield
    unionpay._client.timeout = patience
    world.state.faults.clear()


def asked(number: str, fen: int = 1234) -> PaymentAsk:
    expires_at = clock.now() + timedelta(minutes=15)
    return PaymentAsk(number, fen, "视频会员 1 年", "form", expires_at, NOTICES, ORDER, "127.0.0.1")


def posted(link: PayLink) -> httpx.Response:
    """What the shopper's browser does with the form."""
    return httpx.post(link.url, data=dict(link.fields), follow_redirects=True)


async def paid(world: World, unionpay: UnionpayGateway, number: str, fen: int = 1234) -> BookedTrade:
    posted(await unionpay.create(asked(number, fen)))
    return world.state.pay("unionpay", number)


def refund_of(trade: BookedTrade, number: str, fen: int) -> RefundAsk:
    return RefundAsk(trade.out_trade_no, trade.gateway_trade_no, number, fen, trade.amount_fen, "不想要了", NOTICES)


async def test_the_form_leads_to_a_cashier_and_back_to_the_order(world: World, unionpay: UnionpayGateway) -> None:
    link = await unionpay.create(asked("A20260301X1"))
    assert link.kind == "form"
    assert await unionpay.query("A20260301X1") == Trade("not_found", "A20260301X1")
    page = posted(link)
    assert "¥12.34" in page.text
    assert (await unionpay.query("A20260301X1")).state == "waiting"
    at = datetime(2026, 3, 1, 15, 59, 58, 500_000, tzinfo=UTC)
    with standing_at(world.state, at):
        assert httpx.post(f"{page.url}/pay").headers["location"] == ORDER
    trade = world.state.book.trade("unionpay", "A20260301X1")
    assert trade is not None
    told = await unionpay.query("A20260301X1")
    assert told == Trade("paid", "A20260301X1", trade.gateway_trade_no, 1234, at.replace(microsecond=0))


async def test_a_form_that_was_changed_on_the_way_is_refused(unionpay: UnionpayGateway) -> None:
    link = await unionpay.create(asked("A20260301X2"))
    changed = httpx.post(link.url, data={**link.fields, "txnAmt": "1"})
    assert changed.status_code == 400
    assert (await unionpay.query("A20260301X2")).state == "not_found"


async def test_an_unpaid_trade_ends_by_its_time_and_cannot_be_closed(world: World, unionpay: UnionpayGateway) -> None:
    posted(await unionpay.create(asked("A20260301X3")))
    with pytest.raises(GatewayRefusedError, match="unsupported"):
        await unionpay.close("A20260301X3")
    with standing_at(world.state, clock.now() + timedelta(minutes=16)):
        assert (await unionpay.query("A20260301X3")).state == "not_found"


async def test_a_refund_is_accepted_first_and_done_when_the_query_says_so(
    world: World, unionpay: UnionpayGateway
) -> None:
    trade = await paid(world, unionpay, "A20260301R1", 1000)
    world.state.refunds_wait.add("R20260301A1")
    assert (await unionpay.refund(refund_of(trade, "R20260301A1", 300))).state == "processing"
    assert (await unionpay.query_refund("A20260301R1", "R20260301A1")).state == "processing"
    world.state.end_refund("unionpay", "R20260301A1")
    told = await unionpay.query_refund("A20260301R1", "R20260301A1")
    assert (told.state, told.amount_fen) == ("succeeded", 300)


async def test_the_same_refund_again_is_the_same_refund(world: World, unionpay: UnionpayGateway) -> None:
    trade = await paid(world, unionpay, "A20260301R2", 1000)
    for _ in range(3):
        assert (await unionpay.refund(refund_of(trade, "R20260301A2", 300))).state == "processing"
    assert sum(r.amount_fen for r in world.state.book.refunds("unionpay", "A20260301R2")) == 300


async def test_a_refund_that_the_bank_refuses_has_failed(world: World, unionpay: UnionpayGateway) -> None:
    trade = await paid(world, unionpay, "A20260301R3", 1000)
    world.state.refunds_fail.add("R20260301A3")
    await unionpay.refund(refund_of(trade, "R20260301A3", 300))
    assert (await unionpay.query_refund("A20260301R3", "R20260301A3")).state == "failed"


async def test_a_refund_finds_the_payment_s_number_by_itself(world: World, unionpay: UnionpayGateway) -> None:
    await paid(world, unionpay, "A20260301R4", 1000)
    ask = RefundAsk("A20260301R4", None, "R20260301A4", 10, 1000, "", NOTICES)
    assert (await unionpay.refund(ask)).state == "processing"
    never = RefundAsk("A20260301R5", None, "R20260301A5", 10, 1000, "", NOTICES)
    with pytest.raises(GatewayRefusedError, match="34"):
        await unionpay.refund(never)


async def test_a_refund_of_too_much_is_refused(world: World, unionpay: UnionpayGateway) -> None:
    trade = await paid(world, unionpay, "A20260301R6", 1000)
    with pytest.raises(GatewayRefusedError) as refused:
        await unionpay.refund(refund_of(trade, "R20260301A6", 1001))
    assert refused.value.code == "61"
    assert (await unionpay.query_refund("A20260301R6", "R20260301A6")).state == "not_found"


@pytest.mark.parametrize("fault", FAILURES)
async def test_an_answer_that_fails_leaves_the_outcome_open_and_the_query_tells_it(
    world: World, unionpay: UnionpayGateway, fault: AnswerFault
) -> None:
    number = f"A20260301F{FAILURES.index(fault)}"
    trade = await paid(world, unionpay, number, 1000)
    ask = refund_of(trade, f"{number}R", 100)
    world.state.faults.plan("unionpay", "refund", fault)
    patience, unionpay._client.timeout = unionpay._client.timeout, httpx.Timeout(IMPATIENT_S)
    with pytest.raises(UnknownOutcomeError):
        await unionpay.refund(ask)
    unionpay._client.timeout = patience
    was_done = fault not in ("server_error", "hang_before", "frequency_limited")
    told = await unionpay.query_refund(number, ask.out_refund_no)
    assert told.state == ("succeeded" if was_done else "not_found")
    await unionpay.refund(ask)
    assert sum(r.amount_fen for r in world.state.book.refunds("unionpay", number)) == 100


@pytest.mark.parametrize("fault", FAILURES)
async def test_no_answer_that_fails_is_taken_for_a_payment(
    world: World, unionpay: UnionpayGateway, fault: AnswerFault
) -> None:
    number = f"A20260301G{FAILURES.index(fault)}"
    await paid(world, unionpay, number)
    world.state.faults.plan("unionpay", "query", fault)
    unionpay._client.timeout = httpx.Timeout(IMPATIENT_S)
    with pytest.raises(UnknownOutcomeError):
        await unionpay.query(number)


@pytest.mark.parametrize("code", [*unionpay_words.UNDECIDED, unionpay_words.BAD_SIGNATURE])
async def test_codes_that_decide_nothing_are_unknown_outcomes(
    unionpay: UnionpayGateway, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    async def undecided(*_: object) -> dict[str, str]:
        return {"respCode": code}

    monkeypatch.setattr(unionpay, "_call", undecided)
    with pytest.raises(UnknownOutcomeError):
        await unionpay.refund(RefundAsk("A20260301H1", "1", "R20260301H1", 1, 1, "", NOTICES))


async def test_a_signed_answer_about_another_trade_is_not_believed(
    world: World, unionpay: UnionpayGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer once given, replayed to a question about another number."""
    await paid(world, unionpay, "A20260301J1")
    genuine, answers = unionpay._client.post, []

    async def replaying(*parts: Any, **named: Any) -> httpx.Response:
        answers.append(await genuine(*parts, **named))
        return answers[0]

    monkeypatch.setattr(unionpay._client, "post", replaying)
    assert (await unionpay.query("A20260301J1")).state == "paid"
    with pytest.raises(UnknownOutcomeError, match="another trade"):
        await unionpay.query("A20260301J2")


async def test_profit_is_not_shared(unionpay: UnionpayGateway) -> None:
    ask = ShareAsk("1", "S20260301A", "x", 1, "")
    for call in (
        unionpay.share(ask),
        unionpay.query_share("1", "S20260301A"),
        unionpay.return_share(ask, "S20260301B"),
        unionpay.release_share("1", "S20260301A"),
    ):
        with pytest.raises(GatewayRefusedError, match="unsupported"):
            await call


async def test_the_day_s_bill_adds_up_to_what_the_gateway_owes(world: World, unionpay: UnionpayGateway) -> None:
    """10.01 at 0.6 % is a fee of 6 fen; 5.00 back leaves a fee of 3 on 5.01."""
    before, at = world.state.book.receivable_fen("unionpay"), clock.now() - timedelta(days=2)
    with standing_at(world.state, at), clock.at(at):
        trade = await paid(world, unionpay, "A20260301B1", 1001)
        await unionpay.refund(refund_of(trade, "R20260301B1", 500))
    day = at.astimezone(unionpay_words.BEIJING).date()
    refund, to_the_second = world.state.book.refund("unionpay", "R20260301B1"), at.replace(microsecond=0)
    assert refund is not None
    number = trade.gateway_trade_no
    assert (await unionpay.bill(day)).lines == (
        BillLine("payment", "A20260301B1", number, None, 1001, 6, to_the_second),
        BillLine("refund", "A20260301B1", number, "R20260301B1", 500, -3, to_the_second),
    )
    assert world.state.book.receivable_fen("unionpay") - before == 1001 - 6 - 500 + 3


async def test_today_s_bill_is_not_there_yet(unionpay: UnionpayGateway) -> None:
    with pytest.raises(BillNotReadyError):
        await unionpay.bill(clock.now().astimezone(unionpay_words.BEIJING).date())


MERCHANT, DAY = "777290058110048", date(2026, 3, 1)
FILE = f"""{",".join(unionpay_bill.COLUMNS)}
01,A1,111,,,1001,6,20260301105523,{MERCHANT}
04,R1,222,A1,111,500,-3,20260301105648,{MERCHANT}
TOTAL,2,501,3
"""


def packed(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode())).decode()


async def test_a_file_is_read_to_the_fen() -> None:
    lines = unionpay_bill.read(packed(FILE), MERCHANT, DAY).lines
    assert [(line.kind, line.out_refund_no, line.amount_fen, line.fee_fen) for line in lines] == [
        ("payment", None, 1001, 6),
        ("refund", "R1", 500, -3),
    ]


@pytest.mark.parametrize(
    ("wrong", "instead"),
    [
        ("TOTAL,2,501,3\n", ""),
        ("TOTAL,2", "TOTAL,3"),
        ("501,3", "502,3"),
        ("501,3", "501,4"),
        ("04,R1", "05,R1"),
        (f"20260301105523,{MERCHANT}", "20260301105523,777999"),
        ("20260301105523", "20260302105523"),
        ("1001,6", "-1001,6"),
        ("fee", "charge"),
    ],
)
async def test_a_file_that_is_not_whole_or_not_ours_is_refused_whole(wrong: str, instead: str) -> None:
    assert wrong in FILE
    with pytest.raises(ValueError, match=r"."):
        unionpay_bill.read(packed(FILE.replace(wrong, instead)), MERCHANT, DAY)


@pytest.mark.parametrize("content", ["", "!", packed(FILE)[:40], base64.b64encode(b"PK").decode()])
async def test_a_file_that_does_not_unpack_is_refused(content: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        unionpay_bill.read(content, MERCHANT, DAY)
