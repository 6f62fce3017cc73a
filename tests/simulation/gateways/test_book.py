"""The gateways' own book: what may be booked, and what a gateway owes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.gateways.book import Book
from simulation.gateways.entries import BookError, FeeTerms

NOON = datetime(2026, 5, 1, 4, tzinfo=UTC)  # in Shanghai


class Clock:
    def __init__(self) -> None:
        self.instant = NOON

    def __call__(self) -> datetime:
        return self.instant


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(clock: Clock) -> Iterator[Book]:
    book = Book(":memory:", {"wechat": FeeTerms(60), "alipay": FeeTerms(38, returned_on_refund=False)}, clock)
    yield book
    book.close()


def test_a_gateway_owes_what_was_paid_less_fees_refunds_shares_and_what_it_paid_out(book: Book) -> None:
    book.open_trade("wechat", "A", 10_000)
    book.open_trade("wechat", "B", 4_990)
    book.open_trade("wechat", "C", 700)
    trade = book.pay("wechat", "A")  # fee 60
    book.pay("wechat", "B")  # fee 29.94 → 30
    book.open_refund("wechat", "B", "R1", 1_990)  # left 3,000, fee of which is 18: 12 come back
    book.end_refund("wechat", "R1")
    book.open_share(trade, "S1", "share", 2_500)
    book.end_share("wechat", "S1")
    book.open_share(trade, "S2", "return", 500, original="S1")
    book.end_share("wechat", "S2")
    book.settle("wechat", 1_000, "bank 1")
    assert book.receivable_fen("wechat") == 10_000 - 60 + 4_990 - 30 - 1_990 + 12 - 2_500 + 500 - 1_000
    assert book.receivable_fen("alipay") == 0


def test_a_fee_that_is_not_returned_stays_with_the_gateway(book: Book) -> None:
    book.open_trade("alipay", "A", 10_000)
    book.pay("alipay", "A")
    book.open_refund("alipay", "A", "R", 10_000)
    book.end_refund("alipay", "R")
    assert book.receivable_fen("alipay") == -38


@given(paid=st.integers(1, 50_000), cuts=st.lists(st.integers(1, 20_000), max_size=6), rate=st.integers(0, 300))
def test_refunds_of_the_whole_return_the_whole_fee_however_they_are_cut(paid: int, cuts: list[int], rate: int) -> None:
    book = Book(":memory:", {"wechat": FeeTerms(rate)})
    book.open_trade("wechat", "A", paid)
    book.pay("wechat", "A")
    left = paid
    for number, cut in enumerate([*cuts, paid]):
        part = min(cut, left)
        if part:
            book.open_refund("wechat", "A", f"R{number}", part)
            book.end_refund("wechat", f"R{number}")
            left -= part
    assert book.receivable_fen("wechat") == 0
    book.close()


def test_failed_refunds_and_shares_and_those_on_their_way_are_owed_still(book: Book) -> None:
    book.open_trade("wechat", "A", 1_000)
    trade = book.pay("wechat", "A")
    book.open_refund("wechat", "A", "R", 300)
    book.open_share(trade, "S", "share", 100)
    assert book.receivable_fen("wechat") == 994
    book.end_refund("wechat", "R", succeeded=False)
    book.end_share("wechat", "S", succeeded=False)
    assert book.receivable_fen("wechat") == 994
    assert book.unshared_fen(trade) == 1_000


def test_one_number_is_one_trade_and_one_refund(book: Book) -> None:
    first = book.open_trade("wechat", "A", 1_000, title="code")
    assert book.open_trade("wechat", "A", 1_000, title="code") == first
    with pytest.raises(BookError, match="reused"):
        book.open_trade("wechat", "A", 1_001, title="code")
    book.pay("wechat", "A")
    with pytest.raises(BookError, match="paid"):
        book.open_trade("wechat", "A", 1_000, title="code")
    with pytest.raises(BookError, match="paid"):
        book.pay("wechat", "A")
    refund = book.open_refund("wechat", "A", "R", 600)
    assert book.open_refund("wechat", "A", "R", 600) == refund
    with pytest.raises(BookError, match="reused"):
        book.open_refund("wechat", "A", "R", 500)
    with pytest.raises(BookError, match="not_enough"):
        book.open_refund("wechat", "A", "R2", 401)


def test_what_a_partner_has_must_come_back_before_it_is_refunded(book: Book) -> None:
    book.open_trade("wechat", "A", 1_000)
    trade = book.pay("wechat", "A")
    book.open_share(trade, "S", "share", 200)
    book.end_share("wechat", "S")
    with pytest.raises(BookError, match="shared_out"):
        book.open_refund("wechat", "A", "R", 801)
    book.open_share(trade, "B", "return", 200, original="S")
    with pytest.raises(BookError, match="shared_out"):
        book.open_refund("wechat", "A", "R", 801)  # it is only on its way back
    book.end_share("wechat", "B")
    assert book.open_refund("wechat", "A", "R", 801).state == "processing"


def test_money_that_may_be_shared_is_frozen_until_it_is_released_or_thirty_days_old(book: Book, clock: Clock) -> None:
    book.open_trade("wechat", "A", 1_000, shares_profit=True)
    trade = book.pay("wechat", "A")
    with pytest.raises(BookError, match="not_enough"):
        book.settle("wechat", 1, "bank 1")
    book.open_share(trade, "S", "share", 300)
    book.end_share("wechat", "S")
    assert book.frozen_fen("wechat") == book.receivable_fen("wechat") == 694
    clock.instant += timedelta(days=30)
    assert book.frozen_fen("wechat") == 0
    clock.instant = NOON
    book.open_share(trade, "U", "release", 700)
    book.end_share("wechat", "U")
    assert book.settle("wechat", 694, "bank 1").amount_fen == 694


def test_a_trade_closes_by_time_alone_and_is_paid_afterwards_only_when_that_is_said(book: Book, clock: Clock) -> None:
    book.open_trade("wechat", "A", 1_000, expires_at=NOON + timedelta(minutes=5))
    clock.instant += timedelta(minutes=5)
    found = book.trade("wechat", "A")
    assert found is not None
    assert found.state == "closed"
    with pytest.raises(BookError, match="closed"):
        book.pay("wechat", "A")
    assert book.pay("wechat", "A", late=True, paid_fen=999).paid_fen == 999
    assert book.receivable_fen("wechat") == 999 - 6
    with pytest.raises(BookError, match="paid"):
        book.close_trade("wechat", "A")


def test_a_bill_holds_a_day_of_the_gateways_zone(book: Book, clock: Clock) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    midnight = datetime(2026, 5, 1, 16, tzinfo=UTC)  # 2 May begins
    for number, instant in (("A", midnight - timedelta(seconds=1)), ("B", midnight)):
        clock.instant = instant
        book.open_trade("wechat", number, 1_000)
        book.pay("wechat", number)
    book.open_refund("wechat", "A", "R", 1_000)
    book.open_refund("wechat", "B", "failed", 10)
    book.end_refund("wechat", "failed", succeeded=False)
    clock.instant = midnight + timedelta(days=1)
    book.end_refund("wechat", "R")

    def of(day: int, **how: str) -> list[tuple[str, str, int, int]]:
        lines = book.bill("wechat", date(2026, 5, day), zone, **how)  # type: ignore[arg-type]
        return [(line.kind, line.trade.out_trade_no, line.amount_fen, line.fee_fen) for line in lines]

    assert of(1) == [("payment", "A", 1_000, 6)]
    assert of(2) == [("payment", "B", 1_000, 6)]
    assert of(3) == [("refund", "A", 1_000, -6)]
    assert of(2, refunds_by="created_at") == [("payment", "B", 1_000, 6), ("refund", "A", 1_000, -6)]


def test_a_book_in_a_file_is_there_after_a_restart(tmp_path: Path) -> None:
    book = Book(tmp_path / "book.sqlite")
    book.open_trade("unionpay", "A", 1_000, title="码", expires_at=NOON + timedelta(days=9_999))
    paid = book.pay("unionpay", "A")
    book.close()
    again = Book(tmp_path / "book.sqlite")
    assert again.trade("unionpay", "A") == paid
    again.close()


def test_what_fails_halfway_leaves_nothing(book: Book) -> None:
    def fails() -> None:
        with book.transaction():
            book.open_trade("wechat", "A", 1_000)
            book.pay("wechat", "B")

    with pytest.raises(BookError, match="not_found"):
        fails()
    assert book.trade("wechat", "A") is None
