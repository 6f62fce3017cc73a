"""Gateways pay out what they owe, the next morning, and keep back what refunds took."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulation.bill_slips import Billed
from simulation.bills import PlannedBill
from simulation.disputes import PlannedChargeback
from simulation.planned import PlannedOrder
from simulation.settlements import balances, settlements
from transactional.payments.gateways.interface import BillLine

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 12, tzinfo=ZONE)
END = NOON + timedelta(days=30)
NEXT = DAY + timedelta(days=1)


def paid(amount_fen: int, fee_fen: int) -> Billed:
    return Billed(BillLine("payment", "P", "G", None, amount_fen, fee_fen, NOON), fee_fen)


def refund(amount_fen: int, fee_fen: int) -> Billed:
    return Billed(BillLine("refund", "P", "G", "R", amount_fen, fee_fen, NOON), 0)


def test_a_day_is_paid_out_the_next_morning_less_its_fees() -> None:
    bill = PlannedBill("wechat", DAY, (paid(10000, 60), paid(5000, 30), refund(1000, -6)), ())
    [one] = settlements(balances([bill], [], ZONE), ZONE, END)
    assert (one.method, one.amount_fen) == ("wechat", 13916)
    assert one.at == datetime.combine(NEXT, time(10), ZONE)


def test_a_lost_dispute_is_taken_on_the_shops_business_date_with_its_fee() -> None:
    late = datetime(2026, 3, 1, 17, tzinfo=UTC)  # 01:00 of the next day in Shanghai
    order = PlannedOrder(0, "1", NOON, "delivered", (), "wechat", NOON, 0, ())
    lost = PlannedChargeback(order, "wechat", 3000, 1500, late)
    assert balances([PlannedBill("wechat", NEXT, (paid(9000, 54),), ())], [lost], ZONE) == {("wechat", NEXT): 4446}


def test_what_a_day_lacks_is_kept_back_from_the_next() -> None:
    owed = {("wechat", DAY + timedelta(days=n)): fen for n, fen in enumerate((3000, -2000, 2500))}
    assert [one.amount_fen for one in settlements(owed, ZONE, END)] == [3000, 500]


def test_nothing_is_paid_out_after_the_end() -> None:
    assert settlements({("alipay", END.date()): 1000}, ZONE, END) == []
