"""What accounts show and accept: customers, staff, log-ins, wallets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field, SecretStr
from typing_extensions import TypeAliasType

from transactional.accounts import rules
from transactional.schemas import Command, View

CreditSource = TypeAliasType("CreditSource", Literal["bank", "goodwill"])
StaffRole = TypeAliasType("StaffRole", Literal["owner", "buyer", "operator", "auditor"])


@dataclass(frozen=True, slots=True)
class CustomerSubject:
    """The customer behind a request; `id` stays inside the shop."""

    id: int
    public_id: UUID
    email: str
    display_name: str


@dataclass(frozen=True, slots=True)
class StaffSubject:
    """The member of staff behind a request; `id` stays inside the shop."""

    id: int
    public_id: UUID
    email: str
    display_name: str
    role: StaffRole

    def may(self, act: str) -> bool:
        """Whether the role allows an act; templates show only what it does. Raises KeyError for an unknown act."""
        return rules.may(self.role, act)


@dataclass(frozen=True, slots=True)
class LogInToken:
    """The secret of a new log-in session: it goes into the cookie and nowhere else."""

    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"LogInToken(expires_at={self.expires_at!r})"


class LogIn(Command):
    email: str = Field(max_length=254)
    password: SecretStr = Field(max_length=1024)


class CustomerView(View):
    id: UUID = Field(validation_alias="public_id", serialization_alias="id")
    email: str
    display_name: str


class StaffView(View):
    id: UUID = Field(validation_alias="public_id", serialization_alias="id")
    email: str
    display_name: str
    role: StaffRole


class WalletCredit(Command):
    customer_email: str = Field(max_length=254)
    amount_fen: int = Field(gt=0, le=100_000_000)
    source: CreditSource = Field(description="bank: money was received; goodwill: at the shop's expense")


class WalletCreditView(View):
    customer_id: UUID
    amount_fen: int
    balance_fen: int = Field(description="Balance after the credit")
    reference: str


class WalletLine(View):
    """One movement of a wallet, newest first, with the balance after it."""

    happened_at: datetime
    event: str = Field(description="order_paid, wallet_credited, refund_paid_out, …")
    source: CreditSource | None = Field(default=None, description="Where a credit came from")
    order_no: str | None = None
    amount_fen: int = Field(description="Positive into the wallet, negative out of it")
    balance_fen: int


class WalletView(View):
    balance_fen: int
    currency: str
    lines: tuple[WalletLine, ...]
