"""Statements, trial balance and the accountant's export, against figures worked out by hand."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from sqlalchemy import text

from transactional.db import WriteSession
from transactional.errors import NotFoundError
from transactional.ledger import export, service, statements
from transactional.ledger.rules import codes_bought, wallet_credited

pytestmark = pytest.mark.anyio

SHANGHAI = ZoneInfo("Asia/Shanghai")
PERIOD = (date(2026, 2, 1), date(2026, 2, 28))


def on(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 4, tzinfo=UTC)


@pytest.fixture
async def books(session: WriteSession) -> tuple[WriteSession, list[int]]:
    """Credits of 3.00 (January), 5.00 and 7.00 (February), 11.00 (March) to Li, 13.00 (February) to Wang."""
    add = text("insert into shop.customer (display_name) values ('x'), ('y') returning id")
    li, wang = await session.scalars(add)
    credited = [("a", li, 300, 1, 31), ("b", li, 500, 2, 1), ("=c", li, 700, 2, 28), ("d", li, 1100, 3, 1)]
    postings = [wallet_credited(name, who, fen, "bank", on(month, day)) for name, who, fen, month, day in credited]
    postings.append(wallet_credited("e", wang, 1300, "goodwill", on(2, 10)))
    postings.append(codes_bought(1, 123456789012345, on(2, 11)))
    await service.post(session, postings, SHANGHAI)
    return session, [li, wang]


async def test_a_customers_statement_opens_runs_and_closes(books: tuple[WriteSession, list[int]]) -> None:
    session, [li, _] = books
    found = await statements.statement(session, "customer_wallet", *PERIOD, customer_id=li)
    assert (found.opening_fen, found.debit_fen, found.credit_fen, found.closing_fen) == (300, 0, 1200, 1500)
    assert [(line.reference, line.credit_fen, line.balance_fen) for line in found.lines] == [
        ("credit:b", 500, 800),
        ("credit:=c", 700, 1500),
    ]
    assert (found.lines[0].ledger_date, found.lines[0].event) == (date(2026, 2, 1), "wallet_credited")


async def test_an_accounts_statement_takes_everybody_and_its_own_side(books: tuple[WriteSession, list[int]]) -> None:
    session, _ = books
    wallet = await statements.statement(session, "customer_wallet", *PERIOD)
    bank = await statements.statement(session, "bank", *PERIOD)
    assert (wallet.opening_fen, wallet.closing_fen, wallet.line_count) == (300, 2800, 3)
    assert (bank.opening_fen, bank.debit_fen, bank.credit_fen, bank.closing_fen) == (300, 1200, 0, 1500)


async def test_pages_of_a_statement_run_on(books: tuple[WriteSession, list[int]]) -> None:
    session, _ = books
    whole = await statements.statement(session, "customer_wallet", *PERIOD)
    pages = [
        await statements.statement(session, "customer_wallet", *PERIOD, limit=1, offset=offset) for offset in range(4)
    ]
    assert [line for page in pages for line in page.lines] == list(whole.lines)
    assert {(page.opening_fen, page.closing_fen, page.line_count) for page in pages} == {(300, 2800, 3)}


async def test_an_unknown_account_has_no_statement(session: WriteSession) -> None:
    with pytest.raises(NotFoundError):
        await statements.statement(session, "nonsense", *PERIOD)


async def test_the_trial_balance_of_a_day_knows_nothing_later(books: tuple[WriteSession, list[int]]) -> None:
    session, _ = books
    for day, expected in (
        (date(2026, 1, 30), {}),
        (date(2026, 1, 31), {"bank": 300, "customer_wallet": -300}),
        (date(2026, 2, 10), {"bank": 800, "customer_wallet": -2100, "goodwill": 1300}),
    ):
        found = await statements.trial_balance(session, day)
        assert {each.code: each.balance_fen for each in found} == expected
    assert sum(each.balance_fen for each in await statements.trial_balance(session, date(2026, 3, 1))) == 0


async def test_the_months_journal_is_exact_named_totalled_and_no_formula(
    books: tuple[WriteSession, list[int]],
) -> None:
    session, _ = books
    file = await export.journal_file(session, date(2026, 2, 14), "csv", "CNY", SHANGHAI, "en")
    assert file.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"))))
    assert [(row["Date"], row["Event"], row["Account"], row["Debit"], row["Credit"]) for row in rows] == [
        ("2026-02-01", "Wallet credited", "bank", "5.00", ""),
        ("2026-02-01", "Wallet credited", "customer_wallet", "", "5.00"),
        ("2026-02-10", "Wallet credited", "goodwill", "13.00", ""),
        ("2026-02-10", "Wallet credited", "customer_wallet", "", "13.00"),
        ("2026-02-11", "Codes bought", "card_inventory", "1234567890123.45", ""),
        ("2026-02-11", "Codes bought", "supplier_payable", "", "1234567890123.45"),
        ("2026-02-28", "Wallet credited", "bank", "7.00", ""),
        ("2026-02-28", "Wallet credited", "customer_wallet", "", "7.00"),
        ("Total", "", "", "1234567890148.45", "1234567890148.45"),
    ]
    assert rows[0]["Time"] == "2026-02-01 12:00:00"
    assert (rows[0]["Account name (Chinese)"], rows[0]["Account name (English)"]) == ("银行存款", "Bank")


async def test_the_spreadsheet_has_numbers_for_amounts_and_text_for_all_else(
    books: tuple[WriteSession, list[int]],
) -> None:
    session, _ = books
    file = await export.journal_file(session, date(2026, 2, 1), "xlsx", "CNY", SHANGHAI, "zh_CN")
    sheet = openpyxl.load_workbook(io.BytesIO(file))["2026-02"]
    heading, first, *_, total = sheet.iter_rows()
    assert [cell.value for cell in heading][:4] == ["日期", "时间", "凭证号", "业务"]
    assert (first[9].value, first[9].data_type, first[9].number_format) == (5, "n", "#,##0.00")
    assert Decimal(str(total[9].value)) == Decimal("1234567890148.45")
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}


@pytest.mark.parametrize("dangerous", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_is_a_formula_in_either_file(dangerous: str) -> None:
    rows = [["Reference"], [dangerous]]
    assert export.as_csv(rows).decode("utf-8-sig").splitlines()[1].lstrip('"').startswith("'")
    cell = openpyxl.load_workbook(io.BytesIO(export.as_xlsx(rows, "x")))["x"]["A2"]
    assert cell.data_type == "s"
