"""Daily bills of WeChat Pay: read whole and consistent, or not at all."""

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest

from mingsuan import clock
from tests.simulation.gateways.served import World, served
from tests.transactional.payments.gateways.wechat_shop import a_refund, paid, shop_of
from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways.interface import BillLine, BillNotReadyError
from transactional.payments.gateways.wechat_bill import BillFormatError, read
from transactional.payments.gateways.wechat_words import ZONE

DAY = date(2024, 1, 16)
HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
    "申请退款金额,费率备注"
)
PAID = (
    "`2024-01-16 22:43:59,`wx9dfe38480f030e85,`1900000109,`0,`,`4200002086,`N1,`o2RW45oG,`NATIVE,`SUCCESS,`OTHERS,`CNY,"
    "`250.02,`0.00,`0,`0,`0.00,`0.00,`,`,`测试支付, 加急,`,`1.50000,`0.60%,`250.02,`0.00,`"
)
REFUNDED = (
    "`2024-01-16 23:59:59,`wx9dfe38480f030e85,`1900000109,`0,`,`4200002086,`N1,`o2RW45oG,`NATIVE,`REFUND,`OTHERS,`CNY,"
    "`0.00,`0.00,`50303108562,`R1,`50.01,`0.00,`ORIGINAL,`PROCESSING,`测试支付, 加急,`,`-0.30000,`0.60%,`0.00,`50.01,`"
)
SUMS_HEADER = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
SUMS = "`2,`250.02,`50.01,`0.00,`1.20000,`250.02,`50.01"


def a_bill(*lines: str) -> bytes:
    return ("\ufeff" + "\r\n".join(lines or (HEADER, PAID, REFUNDED, SUMS_HEADER, SUMS)) + "\r\n").encode()


def test_a_bill_in_the_gateways_own_layout_is_read_to_the_fen() -> None:
    bill = read(a_bill(), DAY, "1900000109")
    assert bill.day == DAY
    assert bill.sha256 == sha256(a_bill()).digest()
    first, last = datetime(2024, 1, 16, 14, 43, 59, tzinfo=UTC), datetime(2024, 1, 16, 15, 59, 59, tzinfo=UTC)
    assert bill.lines == (
        BillLine("payment", "N1", "4200002086", None, 25_002, 150, first),
        BillLine("refund", "N1", "4200002086", "R1", 5_001, -30, last),
    )


def test_columns_are_found_by_name_so_that_new_ones_do_no_harm() -> None:
    header, paid_line, refunded = (
        f"订单优惠金额,{HEADER}",
        PAID.replace("`", "`0.00,`", 1),
        REFUNDED.replace("`", "`0.00,`", 1),
    )
    assert (
        read(a_bill(header, paid_line, refunded, SUMS_HEADER, SUMS), DAY, "1900000109").lines
        == read(a_bill(), DAY, "1900000109").lines
    )


def test_a_products_name_may_hold_what_other_programs_take_for_a_line_break() -> None:
    odd = PAID.replace("测试支付", "测试\u2028支\x85付")
    assert len(read(a_bill(HEADER, odd, REFUNDED, SUMS_HEADER, SUMS), DAY, "1900000109").lines) == 2


@pytest.mark.parametrize("state", ["FAIL", "CHANGE", "ABNORMAL", "CLOSED"])
def test_a_refund_that_failed_is_no_line(state: str) -> None:
    bill = read(a_bill(HEADER, PAID, REFUNDED.replace("PROCESSING", state), SUMS_HEADER, SUMS), DAY, "1900000109")
    assert [line.kind for line in bill.lines] == ["payment"]


SPOILING: dict[str, Callable[[str], str]] = {
    "cut short": lambda text: text[: text.index("总交易单数")],
    "a line less": lambda text: text.replace(REFUNDED + "\r\n", ""),
    "a line twice": lambda text: text.replace(PAID, f"{PAID}\r\n{PAID}"),
    "something after the sums": lambda text: text + PAID + "\r\n",
    "another amount": lambda text: text.replace("`0.60%,`250.02", "`0.60%,`250.03"),
    "another refund": lambda text: text.replace("`0.00,`50.01,`\r", "`0.00,`50.02,`\r"),
    "another fee": lambda text: text.replace("`1.50000", "`1.40000"),
    "a fee finer than a fen": lambda text: text.replace("`1.50000", "`1.50001").replace("`1.20000", "`1.20001"),
    "a negative payment": lambda text: text.replace("`250.02", "`-250.02"),
    "no number": lambda text: text.replace("`250.02", "`NaN"),
    "an exponent": lambda text: text.replace("`250.02", "`2.5002e2"),
    "another merchant": lambda text: text.replace("`1900000109", "`1900000110", 1),
    "another currency": lambda text: text.replace("`CNY", "`USD", 1),
    "another day": lambda text: text.replace("`2024-01-16 23:59:59", "`2024-01-17 00:00:00"),
    "no instant": lambda text: text.replace("`2024-01-16 23:59:59", "`2024-01-16"),
    "an unknown state": lambda text: text.replace("`REFUND", "`REVOKED"),
    "an unknown refund state": lambda text: text.replace("`PROCESSING", "`MAYBE"),
    "a cell less": lambda text: text.replace("`CNY,", "", 1),
    "no back quotes": lambda text: text.replace("`", ""),
    "a column less": lambda text: text.replace("订单金额,申请", "申请"),
    "a column twice": lambda text: text.replace("费率备注", "商户订单号"),
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("spoil", SPOILING.values(), ids=SPOILING.keys())
def test_a_bill_that_is_not_whole_is_not_used_at_all(spoil: Callable[[str], str]) -> None:
    text = a_bill().decode()
    assert spoil(text) != text
    with pytest.raises(BillFormatError):
        read(spoil(text).encode(), DAY, "1900000109")


def test_a_bill_in_another_encoding_is_not_used() -> None:
    with pytest.raises(BillFormatError, match="UTF-8"):
        read(a_bill().decode("utf-8-sig").encode("gb18030"), DAY, "1900000109")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.mktemp("gateways")) as world:
        yield world


@pytest.mark.enable_socket
@pytest.mark.anyio
async def test_the_days_bill_is_downloaded_and_says_what_the_gateway_booked(world: World) -> None:
    today = clock.now().astimezone(ZONE).date()
    async with shop_of(world) as gateway:
        with pytest.raises(BillNotReadyError):
            await gateway.bill(today)
        trade = await paid(world, gateway, 33_333)
        refund = a_refund(trade, 11_111)
        await gateway.refund(refund)
        world.state.bills_at_once = True
        bill = await gateway.bill(today)
        world.state.bills_at_once = False
    kinds = [(line.kind, line.out_trade_no, line.out_refund_no, line.amount_fen, line.fee_fen) for line in bill.lines]
    assert kinds == [
        ("payment", trade.out_trade_no, None, 33_333, 200),
        ("refund", trade.out_trade_no, refund.out_refund_no, 11_111, -67),
    ]
    assert sum(line.amount_fen - line.fee_fen for line in bill.lines if line.kind == "payment") - sum(
        line.amount_fen + line.fee_fen for line in bill.lines if line.kind == "refund"
    ) == world.state.book.receivable_fen("wechat")


@pytest.mark.enable_socket
@pytest.mark.anyio
async def test_a_day_on_which_nothing_happened_has_an_empty_bill_once_it_could_be_there(world: World) -> None:
    yesterday = clock.now().astimezone(ZONE).date() - timedelta(days=1)
    noon = datetime.combine(yesterday + timedelta(days=1), datetime.min.time(), ZONE) + timedelta(hours=12)
    now = clock.now()
    async with shop_of(world) as gateway:
        older = await gateway.bill(yesterday - timedelta(days=1))
        assert older.lines == ()
        if now >= noon:
            assert (await gateway.bill(yesterday)).lines == ()
        else:
            with pytest.raises(BillNotReadyError):
                await gateway.bill(yesterday)


@pytest.mark.enable_socket
@pytest.mark.anyio
@pytest.mark.parametrize(
    ("content", "reason"),
    [(gzip.compress(a_bill()), "hash"), (a_bill(), "unpacked"), (gzip.compress(a_bill())[:-9], "unpacked")],
)
async def test_a_file_that_is_not_the_one_whose_hash_was_told_is_not_used(
    world: World, monkeypatch: pytest.MonkeyPatch, content: bytes, reason: str
) -> None:
    async with shop_of(world) as gateway:
        await paid(world, gateway)
        world.state.bills_at_once = True

        async def other(_: str) -> bytes:
            return content

        monkeypatch.setattr(gateway._client, "download", other)
        with pytest.raises(UnknownOutcomeError, match=reason):
            await gateway.bill(clock.now().astimezone(ZONE).date())


@pytest.mark.enable_socket
@pytest.mark.anyio
async def test_a_bill_is_fetched_from_the_gateway_only(world: World) -> None:
    async with shop_of(world) as gateway:
        for url in ("https://elsewhere.test/v3/billdownload/file?token=1", f"{world.base_url}/wechat/v3/other"):
            with pytest.raises(UnknownOutcomeError, match="not the gateway's"):
                await gateway._client.download(url)
        with pytest.raises(UnknownOutcomeError):
            await gateway._client.download(f"{world.base_url}/wechat/v3/billdownload/file?token=unknown")
