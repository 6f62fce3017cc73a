"""Orders and goods in the HMAC card supplier's words, and what they are in the shop's. Pure; makes no call."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from transactional.suppliers.protocols.interface import (
    FieldSpec,
    OfferFact,
    SuppliedCode,
    SupplyFact,
    SupplyState,
)

FAILED = frozenset({"canceled", "cancelled", "refunded"})
"""The supplier gives the whole price back, or never took it."""
DONE = frozenset({"delivered", "completed", "fulfilled", "partially_refunded"})
"""Over, with what was delivered; the price of what was not is given back. Every other status is an open end, those
that nobody has heard of too, and `partially_delivered`: the rest may still come."""
CARDS = "auto"
"""The fulfilment of goods that are cards; the others are done by hand or at once, and their text is no code."""
UNLIMITED = -1

Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False, max_digits=18)]
Text = Annotated[str, Field(max_length=2000)]


class Said(BaseModel):
    """Unknown members are left alone: suppliers add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class FulfilmentSaid(Said):
    type: str = CARDS
    status: str = ""
    payload: Annotated[str, Field(max_length=640_000, repr=False)] = ""
    delivered_at: datetime | None = None


class OrderSaid(Said):
    """An order in an answer or a callback. An amount of None: it was not told."""

    order_id: Annotated[int, Field(gt=0)]
    status: Annotated[str, Field(min_length=1, max_length=64)]
    downstream_order_no: str | None = None
    amount: Amount | None = None
    refunded_amount: Amount | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    fulfillment: FulfilmentSaid | None = None
    error_code: str = ""
    error_message: Text = ""

    def fact(self, request_no: str) -> SupplyFact:
        """Raises ValueError when the order is another's, or when what it says cannot all be true."""
        if self.downstream_order_no not in (None, request_no):
            raise ValueError("the answer is about another order")
        state, codes = self._end()
        return SupplyFact(
            state,
            request_no,
            supplier_ref=str(self.order_id),
            cost=self._cost(state),
            currency=self.currency,
            good_quantity=len(codes) or None,
            codes=codes,
            code=self.error_code or self.status,
            reason=self.error_message,
            happened_at=self.fulfillment.delivered_at if self.fulfillment else None,
        )

    def _end(self) -> tuple[SupplyState, tuple[SuppliedCode, ...]]:
        if self.status in FAILED:
            if self.refunded_amount and self.amount and self.refunded_amount < self.amount:
                raise ValueError(f"{self.status}, and yet only a part of the price is given back")
            return "failed", ()
        delivered = self.fulfillment
        if self.status not in DONE or delivered is None or delivered.status != "delivered":
            return "processing", ()
        if delivered.type != CARDS:
            return "succeeded", ()
        codes = tuple(SuppliedCode(line.strip()) for line in delivered.payload.splitlines() if line.strip())
        return ("succeeded", codes) if codes else ("processing", ())

    def _cost(self, state: SupplyState) -> Decimal | None:
        if state == "failed" or self.amount is None:
            return None
        given_back = self.refunded_amount or Decimal(0)
        if given_back > self.amount:
            raise ValueError("more given back than was taken")
        return self.amount - given_back


class SkuSaid(Said):
    """`stock_quantity` −1: without end. A price of None: it was not told."""

    id: Annotated[int, Field(gt=0)]
    sku_code: str = ""
    spec_values: Mapping[str, Any] | None = None
    price_amount: Amount | None = None
    stock_quantity: Annotated[int, Field(ge=UNLIMITED)] | None = None
    is_active: bool = True


class ProductSaid(Said):
    id: Annotated[int, Field(gt=0)]
    title: Mapping[str, Any] | str = ""
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    is_active: bool = True
    updated_at: str | None = None
    manual_form_schema: Mapping[str, Any] | None = None
    skus: tuple[SkuSaid, ...] = ()

    def offers(self, currency: str) -> tuple[OfferFact, ...]:
        """`currency` is the account's, for products that do not name theirs."""
        fields = _fields(self.manual_form_schema or {})
        return tuple(
            OfferFact(
                supplier_sku=supplier_sku(self.id, sku.id),
                name=f"{_local(self.title)} {_specs(sku)}".strip(),
                unit_cost=sku.price_amount,
                currency=self.currency or currency,
                stock=None if sku.stock_quantity == UNLIMITED else sku.stock_quantity,
                on_sale=self.is_active and sku.is_active,
                price_version=self.updated_at,
                fields=fields,
            )
            for sku in self.skus
        )


class PageSaid(Said):
    items: tuple[ProductSaid, ...]
    total: Annotated[int, Field(ge=0)]


class PurseSaid(Said):
    balance: Decimal = Field(allow_inf_nan=False)
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


def supplier_sku(product_id: int, sku_id: int) -> str:
    """Both numbers, because goods are looked up by the product's and ordered by the SKU's."""
    return f"{product_id}-{sku_id}"


def numbers_of(sku: str) -> tuple[int, int]:
    """The product's and the SKU's number. ValueError when it is not written so."""
    product_id, dash, sku_id = sku.partition("-")
    if not (dash and product_id.isdecimal() and sku_id.isdecimal()):
        raise ValueError(f"{sku!r} is not <product>-<sku>")
    return int(product_id), int(sku_id)


def _local(title: Mapping[str, Any] | str) -> str:
    if isinstance(title, str):
        return title
    return str(title.get("zh-CN") or title.get("en-US") or next(iter(title.values()), ""))


def _specs(sku: SkuSaid) -> str:
    specs = " ".join(
        _local(value) if isinstance(value, dict) else str(value) for value in (sku.spec_values or {}).values()
    )
    return specs or sku.sku_code


def _fields(schema: Mapping[str, Any]) -> tuple[FieldSpec, ...]:
    """`{"fields": [{"key", "label", "required", "options"}]}`; a schema of another shape asks for nothing."""
    listed = schema.get("fields")
    return tuple(
        FieldSpec(
            str(field["key"]),
            _local(field.get("label") or str(field["key"])),
            bool(field.get("required")),
            tuple(str(choice) for choice in field.get("options") or ()),
        )
        for field in (listed if isinstance(listed, list) else ())
        if isinstance(field, dict) and field.get("key")
    )
