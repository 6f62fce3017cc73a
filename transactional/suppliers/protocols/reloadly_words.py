"""Transactions and cards in the Reloadly-like supplier's words, and what they are in the shop's. Makes no call."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from transactional.suppliers.protocols.interface import SuppliedCode, SupplyFact, SupplyState

STATES: dict[str, SupplyState] = {
    "SUCCESSFUL": "succeeded",
    "FAILED": "failed",
    "REFUNDED": "failed",
}
"""A refunded one was not delivered. Every other status is an open end, those that nobody has heard of too."""
INSTANT = "%Y-%m-%d %H:%M:%S"

Money = Annotated[Decimal, Field(ge=0, allow_inf_nan=False, max_digits=24)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]


class Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class OrderedSaid(Said):
    quantity: Annotated[int, Field(gt=0)] | None = None


class TransactionSaid(Said):
    """`amount` is what the account is charged for all of it, fees in and discount off, in `currency`."""

    transaction_id: Annotated[int, Field(gt=0, alias="transactionId")]
    status: Annotated[str, Field(min_length=1, max_length=64)]
    custom_identifier: Annotated[str | None, Field(alias="customIdentifier")] = None
    amount: Money | None = None
    currency: Annotated[Currency | None, Field(alias="currencyCode")] = None
    product: OrderedSaid = OrderedSaid()
    created: Annotated[str | None, Field(alias="transactionCreatedTime", max_length=64)] = None

    def fact(self, request_no: str) -> SupplyFact:
        """Without codes, which are another call's. ValueError when it is about another order."""
        if self.custom_identifier not in (None, request_no):
            raise ValueError("the answer is about another order")
        state = STATES.get(self.status, "processing")
        return SupplyFact(
            state,
            request_no,
            supplier_ref=str(self.transaction_id),
            cost=None if state == "failed" else self.amount,
            currency=self.currency,
            code=self.status,
            happened_at=_instant(self.created),
        )


class CardSaid(Said):
    """A card is a number, perhaps with a PIN, or an address where it is redeemed."""

    number: Annotated[str | int | None, Field(alias="cardNumber", repr=False)] = None
    pin: Annotated[str | int | None, Field(alias="pinCode", repr=False)] = None
    address: Annotated[str | None, Field(alias="redemptionUrl", repr=False)] = None

    def code(self) -> SuppliedCode | None:
        """None while there is nothing to redeem with."""
        parts = [str(part).strip() for part in (self.number, self.address) if part not in (None, "")]
        pin = str(self.pin).strip() if self.pin not in (None, "") else ""
        if pin:
            parts.append(f"PIN {pin}" if parts else pin)
        return SuppliedCode(" ".join(parts)) if parts else None


class PurseSaid(Said):
    balance: Annotated[Decimal, Field(allow_inf_nan=False)]
    currency: Annotated[Currency, Field(alias="currencyCode")]


class ErrorSaid(Said):
    code: Annotated[str | None, Field(alias="errorCode")] = None
    message: str | None = None


def _instant(text: str | None) -> datetime | None:
    """Written in UTC without saying so; unreadable ones are nobody's loss."""
    try:
        return datetime.strptime(text, INSTANT).replace(tzinfo=UTC) if text else None
    except ValueError:
        return None
