"""What can be ordered at this moment: a SKU at its price in force, and the goods that it stands for. Pure.

A bundle stands for its parts at their list prices; any other SKU for itself.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from pydantic import TypeAdapter
from typing_extensions import TypeAliasType

from transactional.catalogue.forms import FormField

ProductKind = TypeAliasType(
    "ProductKind", Literal["card_code", "api_topup", "manual_service", "physical", "bundle", "membership"]
)
STOCK_KINDS = frozenset({"card_code", "physical"})
"""Kinds of which the shop holds units; the others are made to order."""

FORM: TypeAdapter[tuple[FormField, ...]] = TypeAdapter(tuple[FormField, ...])


@dataclass(frozen=True, slots=True)
class Good:
    """A SKU that is handed over by itself, `quantity` of it for each unit ordered."""

    sku_id: int
    kind: str
    quantity: int
    list_price_fen: int
    form: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A published SKU with a price: what one unit costs and what it consists of."""

    sku_public_id: UUID
    sku_id: int
    kind: str
    price_fen: int
    max_per_order: int
    goods: tuple[Good, ...]
    form: tuple[FormField, ...]

    @property
    def is_bundle(self) -> bool:
        return self.kind == "bundle"

    @property
    def saved_fen(self) -> int:
        """What the goods' list prices add up to, less the price; negative for a bundle dearer than its parts."""
        return sum(good.list_price_fen * good.quantity for good in self.goods) - self.price_fen

    @property
    def fields(self) -> tuple[FormField, ...]:
        """Every question that has to be answered, once for each name."""
        every = [*self.form, *(field for good in self.goods for field in good.form)]
        return tuple({field.name: field for field in reversed(every)}.values())[::-1]
