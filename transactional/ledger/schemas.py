"""What the ledger shows."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from transactional.schemas import Command, View

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9998, 12, 31)
"""Days that a question about the ledger may name."""


class AccountBalance(View):
    code: str
    kind: str
    name_zh: str
    name_en: str
    balance_fen: int


class LedgerFindings(View):
    """All zero and empty when the ledger is whole."""

    total_fen: int
    unbalanced_transactions: int
    wallets_that_differ: int

    @property
    def is_whole(self) -> bool:
        return (self.total_fen, self.unbalanced_transactions, self.wallets_that_differ) == (0, 0, 0)


class Books(View):
    accounts: tuple[AccountBalance, ...]
    findings: LedgerFindings


class ClosedMonth(View):
    """`month` is its first day; `closed_by` is empty when it was closed from the command line."""

    month: date
    closed_at: datetime
    closed_by: str | None = None


class MonthToClose(Command):
    """Any day of the month."""

    month: date = Field(ge=FIRST_DAY, le=LAST_DAY)


class Months(View):
    """`next_month` is the first day of the one that can be closed next, once it has ended."""

    closed: tuple[ClosedMonth, ...]
    next_month: date | None


class FindingView(View):
    check: str
    sentence: str


class Findings(View):
    """Empty when the books are whole."""

    findings: tuple[FindingView, ...]


class LedgerAccountName(View):
    code: str
    kind: str
    name_zh: str
    name_en: str


class StatementLine(View):
    """`balance_fen` is the balance after this line, on the account's own side."""

    ledger_date: date
    effective_at: datetime
    event: str
    reference: str
    order_no: str | None
    customer: UUID | None
    debit_fen: int
    credit_fen: int
    balance_fen: int


class Statement(View):
    """Balances are positive on the account's own side; totals and count are of the whole period, lines of one page."""

    account: LedgerAccountName
    since: date
    until: date
    opening_fen: int
    debit_fen: int
    credit_fen: int
    closing_fen: int
    line_count: int
    lines: tuple[StatementLine, ...]


class TrialBalance(View):
    """Debit positive; the balances add up to zero."""

    until: date
    accounts: tuple[AccountBalance, ...]


class JournalLine(View):
    transaction_no: int
    ledger_date: date
    effective_at: datetime
    event: str
    reference: str
    order_no: str | None
    account: str
    name_zh: str
    name_en: str
    debit_fen: int
    credit_fen: int
    customer: UUID | None
