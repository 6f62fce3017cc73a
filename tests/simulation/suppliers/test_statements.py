"""Statements of the simulated suppliers are read whole by the shop, and wrong exactly where that was planned."""

from datetime import timedelta
from decimal import Decimal

import pytest

from mingsuan import clock
from simulation.suppliers.account import Account
from simulation.suppliers.entries import StatementErrors, StatementLine
from simulation.suppliers.statements import ZONE, Format
from tests.transactional.suppliers.protocols.fulu_shop import spec
from transactional.suppliers.money import statement_file


@pytest.fixture
def account(request: pytest.FixtureRequest) -> Account:
    """Two cards bought for 18.35 each, and one order that failed."""
    form: Format = request.param
    made = Account(spec(statement_format=form), held=True)
    for number in ("S1", "S2", "S3"):
        made.finish(made.place(number, "10000587", 1), succeeded=number != "S3")
    return made


@pytest.mark.parametrize("account", ["csv", "xlsx"], indirect=True)
def test_the_shop_reads_every_line(account: Account) -> None:
    today = clock.business_date(clock.now(), ZONE)
    told = account.statement(today)
    read = statement_file.read(told.file_name, told.content, "CNY", ZONE, (today, today))
    assert [(line.kind, line.request_no, line.amount) for line in read.lines] == [
        ("charge", "S1", Decimal("18.35")),
        ("charge", "S2", Decimal("18.35")),
        ("charge", "S3", Decimal("18.35")),
        ("refund", "S3", Decimal("-18.35")),
    ]
    assert [line.supplier_ref for line in read.lines[:1]] == [account.book.orders()[0].order_ref]
    assert sum(line.amount for line in read.lines) == 1000 - account.book.balance()
    account.close()


@pytest.mark.parametrize("account", ["csv", "xlsx"], indirect=True)
def test_a_planned_error_is_in_the_statement_and_not_in_the_book(account: Account) -> None:
    today = clock.business_date(clock.now(), ZONE)
    invented = StatementLine("charge", "NEVER", "X", "10000587", 1, Decimal(5), clock.now() + timedelta(seconds=1))
    account.statement_errors[today] = StatementErrors(frozenset({"S1"}), {"S2": Decimal("18.95")}, (invented,))
    told = account.statement(today)
    read = statement_file.read(told.file_name, told.content, "CNY", ZONE, (today, today))
    assert [(line.request_no, line.amount) for line in read.lines] == [
        ("S2", Decimal("18.95")),
        ("S3", Decimal("18.35")),
        ("S3", Decimal("-18.35")),
        ("NEVER", Decimal(5)),
    ]
    assert account.book.spent("S2") == Decimal("18.35")
    account.close()
