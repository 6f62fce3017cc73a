"""Gateways pay out what they owe, the next morning, and keep back what refunds took."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulation.planned import PlannedItem, PlannedOrder, PlannedUnit
from simulation.settlements import settlements
from transactional.orders.history import HistoricRefund

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 1, 12, tzinfo=ZONE)
END = NOON + timedelta(days=30)


def order(paid_at: datetime, net_fen: int, fee_fen: int, method: str = "wechat", back: HistoricRefund | None = None):  # type: ignore[no-untyped-def]
    unit = PlannedUnit(1, 0, net_fen, 0, "delivered", paid_at, back)
    return PlannedOrder(0, "1", paid_at, "delivered", (PlannedItem(0, (unit,)),), method, paid_at, fee_fen, ())


def refund(amount_fen: int, paid_out_at: datetime | None) -> HistoricRefund:
    return HistoricRefund(amount_fen, "wechat", "", True, NOON, paid_out_at)


def test_a_day_is_paid_out_the_next_morning_less_its_fees() -> None:
    [one] = settlements([order(NOON, 10000, 60), order(NOON, 5000, 30)], ZONE, END)
    assert (one.method, one.amount_fen) == ("wechat", 14910)
    assert one.at == datetime.combine(date(2026, 3, 2), time(10), ZONE)


def test_a_day_is_the_shops_business_date() -> None:
    late = datetime(2026, 3, 1, 17, tzinfo=UTC)  # 01:00 of the next day in Shanghai
    [one] = settlements([order(late, 10000, 0)], ZONE, END)
    assert one.at.date() == date(2026, 3, 3)


def test_refunds_that_exceed_a_day_are_kept_back_from_the_next() -> None:
    next_day = NOON + timedelta(days=1)
    orders = [order(NOON, 3000, 0, back=refund(3000, next_day)), order(next_day, 1000, 0), order(END, 5000, 0)]
    got = settlements([*orders, order(next_day + timedelta(days=1), 2500, 0)], ZONE, END + timedelta(days=2))
    assert [one.amount_fen for one in got] == [3000, 500, 5000]


def test_the_wallet_settles_with_nobody_and_nothing_is_paid_out_after_the_end() -> None:
    assert settlements([order(NOON, 3000, 0, method="wallet"), order(END, 1000, 0)], ZONE, END) == []
