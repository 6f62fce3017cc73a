"""Goods of the Reloadly-like supplier: fixed or ranged face values, and what one card costs the account. Pure."""

import dataclasses
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import Field

from transactional.suppliers.protocols.interface import FieldSpec, OfferFact
from transactional.suppliers.protocols.reloadly_words import Currency, Money, Said

Percent = Annotated[Decimal, Field(ge=0, le=100, allow_inf_nan=False)]
EXACT = Decimal("0.00001")
"""The supplier rounds what it charges to five decimals."""
HUNDRED = Decimal(100)


class RequirementsSaid(Said):
    user_id: Annotated[bool, Field(alias="userIdRequired")] = False


class ProductSaid(Said):
    """Face values are in the recipient's currency, costs in the sender's: the account's."""

    product_id: Annotated[int, Field(gt=0, alias="productId")]
    name: Annotated[str, Field(alias="productName")] = ""
    status: str = "ACTIVE"
    denomination: Annotated[Literal["FIXED", "RANGE"], Field(alias="denominationType")]
    currency: Annotated[Currency, Field(alias="senderCurrencyCode")]
    face_currency: Annotated[Currency, Field(alias="recipientCurrencyCode")]
    fee: Annotated[Money | None, Field(alias="senderFee")] = None
    fee_percent: Annotated[Percent | None, Field(alias="senderFeePercentage")] = None
    discount_percent: Annotated[Percent | None, Field(alias="discountPercentage")] = None
    rate: Annotated[Money | None, Field(alias="recipientCurrencyToSenderCurrencyExchangeRate")] = None
    least: Annotated[Money | None, Field(alias="minRecipientDenomination")] = None
    most: Annotated[Money | None, Field(alias="maxRecipientDenomination")] = None
    fixed: Annotated[tuple[Money, ...] | None, Field(alias="fixedRecipientDenominations")] = None
    prices: Annotated[
        Mapping[str, Money | None] | tuple[Mapping[str, Money | None], ...] | None,
        Field(alias="fixedRecipientToSenderDenominationsMap"),
    ] = None
    requirements: Annotated[RequirementsSaid, Field(alias="additionalRequirements")] = RequirementsSaid()

    def offers(self, faces: Iterable[Decimal]) -> tuple[OfferFact, ...]:
        """One per face value that it is sold at; of a ranged product, for those of `faces` that lie in the range."""
        sold = self.fixed or () if self.denomination == "FIXED" else tuple(face for face in faces if self._sells(face))
        return tuple(self._offer(face) for face in dict.fromkeys(sold))

    def named_offers(self, wanted: Mapping[Decimal, str]) -> tuple[OfferFact, ...]:
        """Those of certain face values, under the names that they were asked for by."""
        names = {supplier_sku(self.product_id, face): name for face, name in wanted.items()}
        return tuple(
            dataclasses.replace(offer, supplier_sku=names[offer.supplier_sku])
            for offer in self.offers(wanted)
            if offer.supplier_sku in names
        )

    def ends(self) -> tuple[Decimal, ...]:
        """The least and the most of a range; nothing for fixed values."""
        return tuple(face for face in (self.least, self.most) if face and self.denomination == "RANGE")

    def unit_cost(self, face: Decimal) -> Decimal | None:
        """Price and fees less discount, for one card. None when the price is not told, or is nothing."""
        price = self._price(face)
        if not price:
            return None
        percent = (self.fee_percent or Decimal(0)) - (self.discount_percent or Decimal(0))
        cost = price + (self.fee or Decimal(0)) + price * percent / HUNDRED
        return cost.quantize(EXACT, ROUND_HALF_UP)

    def _offer(self, face: Decimal) -> OfferFact:
        return OfferFact(
            supplier_sku=supplier_sku(self.product_id, face),
            name=f"{self.name} {face.normalize():f} {self.face_currency}".strip(),
            unit_cost=self.unit_cost(face),
            currency=self.currency,
            stock=None,
            on_sale=self.status == "ACTIVE",
            fields=(FieldSpec("userId", "User ID"),) if self.requirements.user_id else (),
        )

    def _sells(self, face: Decimal) -> bool:
        return self.least is not None and self.most is not None and self.least <= face <= self.most

    def _price(self, face: Decimal) -> Decimal | None:
        if self.denomination == "RANGE":
            return face * self.rate if self.rate else None
        tables = self.prices if isinstance(self.prices, tuple) else (self.prices or {},)
        for table in tables:
            for written, price in table.items():
                if _decimal(written) == face:
                    return price
        return None


def supplier_sku(product_id: int, face: Decimal) -> str:
    return f"{product_id}:{face.normalize():f}"


def numbers_of(sku: str) -> tuple[int, Decimal]:
    """The product and the face value. ValueError when it is not written so."""
    product_id, _, face = sku.partition(":")
    value = _decimal(face)
    if not product_id.isdecimal() or value is None or value <= 0:
        raise ValueError(f"{sku!r} is not <product>:<face value>")
    return int(product_id), value


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def wanted(skus: Iterable[str]) -> dict[int, dict[Decimal, str]]:
    """By product, the face values that are asked for and how each was written; those of other protocols left out."""
    found: dict[int, dict[Decimal, str]] = {}
    for sku in skus:
        try:
            product_id, face = numbers_of(sku)
        except ValueError:
            continue
        found.setdefault(product_id, {})[face] = sku
    return found


def faces(listed: str) -> tuple[Decimal, ...]:
    """Face values written with commas between them. ValueError when one is no positive number."""
    values = [_decimal(part.strip()) for part in listed.split(",") if part.strip()]
    if any(value is None or value <= 0 for value in values):
        raise ValueError(f"{listed!r} is not a list of positive numbers")
    return tuple(value for value in values if value is not None)
