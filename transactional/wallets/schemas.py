"""What wallets show: lines that explain themselves, top-ups, withdrawals and their parts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from transactional.payments.schemas import PayLinkView
from transactional.schemas import View

KINDS: Mapping[str, tuple[str, ...]] = {
    "orders": ("order_paid",),
    "refunds": ("refund_paid_out",),
    "top_ups": ("wallet_topped_up", "charged_back"),
    "withdrawals": ("withdrawal_requested", "withdrawal_returned"),
    "credits": ("wallet_credited", "stake_returned"),
}
"""Events of the ledger by what a reader filters them by."""


class Named(View):
    """What is kept under a command's key: the name of what it made."""

    id: UUID


class StatementLine(View):
    """One movement, with the balance after it and whatever explains it."""

    happened_at: datetime
    event: str
    amount_fen: int
    balance_fen: int
    order_no: str | None
    title_zh: str | None
    title_en: str | None
    source: str | None
    method: str | None
    withdrawal_id: UUID | None
    reason: str | None
    credited_by: str | None


class TopUpView(View):
    id: UUID
    state: str
    amount_fen: int
    pay_by: datetime
    paid_at: datetime | None


class AttemptView(View):
    """An attempt to pay a top-up; a link is shown while it can be used."""

    id: UUID
    method: str
    state: str
    link: PayLinkView | None

    @classmethod
    def of(cls, row: Any) -> Self:
        usable = json.loads(row.pay_link) if row.state == "pending" and row.pay_link else None
        return cls.model_validate({"id": row.id, "method": row.method, "state": row.state, "link": usable})


class WithdrawalView(View):
    """A withdrawal; `bank_fen` of it goes to a bank account, the rest back to the payments it came with."""

    id: UUID
    customer_id: UUID
    state: str
    amount_fen: int
    paid_fen: int
    bank_fen: int
    reason: str
    confirmed_by: str
    has_bank_account: bool
    requested_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    ended_at: datetime | None


class PartView(View):
    """`method` and `paid_at` are those of the payment that it goes back to; without one it goes to the bank."""

    amount_fen: int
    state: str
    method: str | None
    paid_at: datetime | None
    bank_reference: str | None
    out_refund_no: str | None
    payout_state: str | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Where staff pay to; personal, so never printed by accident."""

    holder: str
    bank: str
    account: str

    @property
    def masked(self) -> str:
        return f"{self.bank} ****{self.account[-4:]}"

    def __repr__(self) -> str:
        return "BankAccount(…)"
