"""Alipay's bill: fetched and read whole, or refused whole. The first test's file has the layout of published ones."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from mingsuan import clock
from simulation.gateways import alipay_bills
from simulation.gateways.alipay_words import BEIJING
from tests.simulation.gateways.served import World, served
from tests.transactional.payments.gateways.alipay_shop import paid, shop_s, standing_at
from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways import alipay_bill
from transactional.payments.gateways.interface import BillLine, BillNotReadyError, RefundAsk

DAY = date(2019, 9, 16)
SELLER = "2088021109625633"
HEADER = ",".join(alipay_bill.COLUMNS)
PUBLISHED = f"""#支付宝业务明细查询
#账号：[{SELLER}0156]
#起始日期：[2019年09月16日 00:00:00]   终止日期：[2019年09月17日 00:00:00]
#-----------------------------------------业务明细列表----------------------------------------
{HEADER}
2019091622001458860515315453\t,service_1568601259302\t,交易\t,下单测试,2019-09-16 10:55:16,2019-09-16 10:55:23,\
s\t,s\t,a\t,\t,*津水(602***@qq.com)\t,10.01,10.01,0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,\t,-0.06,0.00,下单测试
2019091622001458860515315453\t,service_1568601259302\t,退款\t,下单测试,2019-09-16 10:55:16,2019-09-16 10:56:48,\
s\t,s\t,a\t,\t,*津水(602***@qq.com)\t,-5.00,-5.00,0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,re_test_1\t,0.03,0.00,下单测试
#-----------------------------------------业务明细列表结束------------------------------------
#交易合计：1笔，商家实收共10.01元，商家优惠共0.00元
#退款合计：1笔，商家实收退款共-5.00元，商家优惠退款共0.00元
#导出时间：[2019年09月17日 05:46:49]
"""


def packed(text: str, *, name: str = "20880211096256330156_20190916_业务明细.csv", others: int = 1) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text.encode("gbk"))
        for i in range(others):
            archive.writestr(f"汇总{i}.csv", "#支付宝业务汇总查询\n".encode("gbk"))
    return buffer.getvalue()


def test_a_bill_s_lines_are_payments_and_refunds_with_their_fees() -> None:
    bill = alipay_bill.read(packed(PUBLISHED), SELLER, DAY)
    trade, number = "service_1568601259302", "2019091622001458860515315453"
    assert bill.day == DAY
    assert bill.lines == (
        BillLine("payment", trade, number, None, 1001, 6, datetime(2019, 9, 16, 2, 55, 23, tzinfo=UTC)),
        BillLine("refund", trade, number, "re_test_1", 500, -3, datetime(2019, 9, 16, 2, 56, 48, tzinfo=UTC)),
    )


def test_what_the_merchant_bears_of_a_discount_is_a_fee() -> None:
    """A payment of 10.01 of which 0.50 is the merchant's own coupon: Alipay owes 10.01 − 0.50 − 0.06."""
    text = PUBLISHED.replace("10.01,10.01,", "10.01,9.51,").replace("共10.01元", "共9.51元")
    assert alipay_bill.read(packed(text), SELLER, DAY).lines[0].fee_fen == 56


@pytest.mark.parametrize(
    ("wrong", "instead"),
    [
        ("业务明细列表结束", "业务明细"),
        ("#交易合计：1笔", "#交易合计：2笔"),
        ("商家实收共10.01元", "商家实收共10.00元"),
        ("#退款合计：1笔", "#退款合计：0笔"),
        ("服务费（元）", "手续费（元）"),
        ("2019年09月16日", "2019年09月15日"),
        (f"[{SELLER}", "[2088999999999999"),
        ("退款\t", "充值\t"),
        ("-5.00,-5.00", "5.00,5.00"),
        ("re_test_1\t", "\t"),
        ("10.01,10.01", "10.0.1,10.01"),
        ("2019-09-16 10:55:23", "16/09/2019"),
        ("#支付宝业务明细查询", "#支付宝业务查询"),
    ],
)
def test_a_bill_that_is_not_whole_or_not_ours_is_refused_whole(wrong: str, instead: str) -> None:
    assert wrong in PUBLISHED
    with pytest.raises(ValueError, match=r"."):
        alipay_bill.read(packed(PUBLISHED.replace(wrong, instead)), SELLER, DAY)


@pytest.mark.parametrize("content", [b"", b"<html>expired</html>", packed(PUBLISHED)[:200]])
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="unpacked"):
        alipay_bill.read(content, SELLER, DAY)


def test_an_archive_that_unpacks_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alipay_bill, "UNPACKED_AT_MOST", 1000)
    with pytest.raises(ValueError, match="too large"):
        alipay_bill.read(packed(PUBLISHED), SELLER, DAY)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.getbasetemp() / "gateways") as world:
        yield world


@pytest.mark.anyio
@pytest.mark.enable_socket
async def test_the_day_s_bill_adds_up_to_what_the_gateway_owes(world: World) -> None:
    """10.01 at 0.6 % is a fee of 6 fen; 5.00 back leaves 5.01 and a fee of 3, so 3 come back: 1001 − 6 − 500 + 3."""
    alipay = shop_s(world)
    before = world.state.book.receivable_fen("alipay")
    at = clock.now() - timedelta(days=2)
    with standing_at(world.state, at), clock.at(at):
        trade = paid(world, "B1", 1001)
        ask = RefundAsk("B1", trade.gateway_trade_no, "RB1", 500, 1001, "不想要了", "")
        await alipay.refund(ask)
    bill = await alipay.bill(at.astimezone(BEIJING).date())
    assert [(line.kind, line.amount_fen, line.fee_fen, line.out_refund_no) for line in bill.lines] == [
        ("payment", 1001, 6, None),
        ("refund", 500, -3, "RB1"),
    ]
    assert bill.lines[0].happened_at == at.replace(microsecond=0)
    assert world.state.book.receivable_fen("alipay") - before == 1001 - 6 - 500 + 3
    await alipay.aclose()


@pytest.mark.anyio
@pytest.mark.enable_socket
async def test_today_s_bill_is_not_there_yet(world: World) -> None:
    alipay = shop_s(world)
    with pytest.raises(BillNotReadyError):
        await alipay.bill(clock.now().astimezone(BEIJING).date())
    await alipay.aclose()


@pytest.mark.anyio
@pytest.mark.enable_socket
@pytest.mark.parametrize("content", [b"<html>", b"PK"])
async def test_a_bill_that_cannot_be_read_is_an_unknown_outcome(
    world: World, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(alipay_bills, "packed", lambda *_: content)
    alipay = shop_s(world)
    with pytest.raises(UnknownOutcomeError):
        await alipay.bill((clock.now() - timedelta(days=3)).astimezone(BEIJING).date())
    await alipay.aclose()
