"""The simulated suppliers' book judges the shop's: it must itself be right to the millionth."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulation.suppliers.book import Book
from simulation.suppliers.entries import BookedCode, BookedOrder, BookError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def book() -> Iterator[Book]:
    made = Book(":memory:", "prepaid", lambda: NOON)
    made.top_up(Decimal(100))
    yield made
    made.close()


def order(request_no: str, number: int, **changes: Any) -> BookedOrder:
    usual: dict[str, Any] = {
        "order_ref": f"S{number}",
        "request_no": request_no,
        "attempt": 1,
        "supplier_sku": "A",
        "kind": "card",
        "quantity": 1,
        "unit_cost": Decimal("9.123456"),
        "state": "processing",
        "planned_state": "succeeded",
        "planned_good": 1,
        "good_quantity": 0,
        "callback_url": "",
        "told": "",
        "asked_at": NOON,
        "ready_at": NOON + timedelta(seconds=3),
    }
    return BookedOrder(**{**usual, **changes})


def test_an_order_is_charged_when_it_is_taken_and_given_back_when_it_fails(book: Book) -> None:
    book.place(order("P1", 1))
    assert book.balance() == Decimal("90.876544")
    book.finish("S1", "failed")
    assert book.balance() == 100
    assert book.spent("P1") == 0
    assert book.bought() == {}


def test_what_a_partial_fill_lacks_is_given_back(book: Book) -> None:
    book.place(order("P1", 1, quantity=3))
    codes = [BookedCode(f"C{n}", "S1", is_bad=False, is_repeat=False, expires_at=NOON, sold_at=NOON) for n in (1, 2)]
    ended = book.finish("S1", "succeeded", codes, 2)
    assert (ended.good_quantity, ended.ended_at) == (2, NOON)
    assert book.spent("P1") == Decimal("18.246912")
    assert book.bought() == {"P1": 2}
    assert [code.content for code in book.codes("S1")] == ["C1", "C2"]
    book.credit("S1", Decimal("9.123456"))
    assert book.spent("P1") == Decimal("9.123456")


def test_a_number_that_is_open_or_good_is_not_taken_again_and_a_failed_one_is(book: Book) -> None:
    book.place(order("P1", 1))
    with pytest.raises(BookError, match="exists"):
        book.place(order("P1", 2))
    book.finish("S1", "failed")
    book.place(order("P1", 2, attempt=2))
    book.finish("S2", "succeeded", good=1)
    with pytest.raises(BookError, match="exists"):
        book.place(order("P1", 3, attempt=3))
    with pytest.raises(BookError, match="not_open"):
        book.finish("S2", "failed")
    assert book.bought() == {"P1": 1}


def test_a_prepaid_account_cannot_spend_what_it_has_not_and_one_on_account_can(book: Book) -> None:
    with pytest.raises(BookError, match="balance"):
        book.place(order("P1", 1, quantity=11))
    assert book.orders() == []
    owing = Book(":memory:", "on_account", lambda: NOON)
    owing.place(order("P1", 1, quantity=11))
    assert owing.balance() == Decimal("-100.358016")
    owing.close()


def test_a_book_in_a_file_is_there_again_after_a_restart(tmp_path: Path) -> None:
    first = Book(tmp_path / "a.sqlite", "prepaid", lambda: NOON)
    first.top_up(Decimal(50))
    placed = first.place(order("P1", 1))
    first.close()
    again = Book(tmp_path / "a.sqlite", "prepaid", lambda: NOON)
    assert again.balance() == Decimal("40.876544")
    assert again.order("P1") == placed
    assert again.placed == 1
    assert again.due(NOON + timedelta(seconds=2)) == []
    assert again.due(NOON + timedelta(seconds=3)) == [placed]
    again.close()
