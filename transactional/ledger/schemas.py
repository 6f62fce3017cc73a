"""What the ledger shows."""

from datetime import date, datetime

from transactional.schemas import View


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
