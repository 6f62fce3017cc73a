"""Postings: every event sums to zero, and the worked example of the design comes out to the fen."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingsuan.money import split
from transactional.ledger import rules
from transactional.ledger.rules import Delivered, Posting

AT = datetime(2026, 1, 2, 3, tzinfo=UTC)
FEN = st.integers(min_value=0, max_value=10**12)
METHOD = st.sampled_from(sorted(rules.MONEY_IN))
INCOME = {"gross_sales": 1, "draw_income": 1, "membership_income": 1, "other_income": 1}
PROFIT_ACCOUNTS = {
    rules.Account.SALES,
    rules.Account.DISCOUNTS,
    rules.Account.REFUNDS,
    rules.Account.COGS,
    rules.Account.PAYMENT_FEES,
    rules.Account.GOODWILL,
}


def unit(gross_fen: int = 5000, discount_fen: int = 0, cost_fen: int | None = None, number: int = 1) -> Delivered:
    return Delivered(number, 20 + number, 30, 40, gross_fen, discount_fen, cost_fen, AT)


@st.composite
def postings(draw: st.DrawFn) -> Posting:
    gross = draw(FEN)
    discount = draw(st.integers(min_value=0, max_value=gross))
    one = unit(gross, discount, draw(st.none() | FEN))
    fees = draw(st.lists(FEN, min_size=1, max_size=5))
    return draw(
        st.sampled_from(
            [
                rules.order_paid(1, 2, 3, draw(METHOD), gross, AT),
                rules.fee_charged(1, 2, 3, list(enumerate(fees)), AT),
                rules.item_delivered(one),
                rules.refund_granted(1, one, gross - discount, draw(st.booleans()), AT),
                rules.refund_paid_out(1, 2, 3, draw(METHOD), gross, AT),
                rules.codes_bought(1, gross, AT),
                rules.batch_paid(1, gross, AT),
                rules.wallet_credited("r", 3, gross, "bank" if draw(st.booleans()) else "goodwill", AT),
            ]
        )
    )


def profit(entries: tuple[rules.Entry, ...]) -> int:
    """What the ledger says was earned: credits of income less debits of expense."""
    return -sum(entry.amount_fen for entry in entries if entry.account in PROFIT_ACCOUNTS)


@given(postings())
def test_every_posting_sums_to_zero_without_empty_entries(posting: Posting) -> None:
    assert sum(entry.amount_fen for entry in posting.entries) == 0
    assert all(entry.amount_fen for entry in posting.entries)
    assert bool(posting) == bool(posting.entries)


@given(postings())
def test_document_lines_tell_the_same_profit_as_the_entries(posting: Posting) -> None:
    by_lines = sum(line.amount_fen * INCOME.get(line.component, -1) for line in posting.lines)
    assert by_lines == profit(posting.entries)


def test_the_worked_example_earns_446_fen() -> None:
    """Two codes at 50.00, 10.00 off both, fee 0.54; one delivered (cost 40.00), the other refunded undelivered."""
    discounts = split(1000, [5000, 5000])
    first, second = (unit(5000, discounts[at], (4000, None)[at], number=at + 1) for at in (0, 1))
    fees = [(21, split(54, [1, 1])[0]), (22, split(54, [1, 1])[1])]
    all_postings = [
        rules.codes_bought(1, 4000, AT),
        rules.order_paid(1, 30, 40, "wechat", 9000, AT),
        rules.fee_charged(1, 30, 40, fees, AT),
        rules.item_delivered(first),
        rules.refund_granted(1, second, 4500, False, AT),
        rules.refund_paid_out(1, 30, 40, "wechat", 4500, AT),
    ]
    entries = tuple(entry for posting in all_postings for entry in posting.entries)
    balances: Counter[str] = Counter()
    for entry in entries:
        balances[entry.account] += entry.amount_fen
    assert {account: fen for account, fen in balances.items() if fen} == {
        "sales": -5000,
        "discounts": 500,
        "cogs": 4000,
        "payment_fees": 54,
        "gateway_receivable": 9000 - 54 - 4500,
        "supplier_payable": -4000,
    }
    assert profit(entries) == 446


def test_a_refund_after_delivery_reduces_revenue_and_one_before_it_does_not() -> None:
    assert profit(rules.refund_granted(1, unit(), 5000, True, AT).entries) == -5000
    assert profit(rules.refund_granted(1, unit(), 5000, False, AT).entries) == 0


def test_a_posting_that_does_not_sum_to_zero_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="does not sum to zero"):
        Posting("r", "e", AT, (rules.Entry(rules.Account.BANK, 1),))


def test_a_posting_needs_an_instant_with_a_zone() -> None:
    with pytest.raises(ValueError, match="naive"):
        Posting("r", "e", AT.replace(tzinfo=None), ())
