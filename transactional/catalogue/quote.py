"""What somebody looks at before buying: one SKU, a quantity, and what that costs now. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from transactional.catalogue.schemas import SkuView
from transactional.orders.schemas import MAX_QUANTITY


@dataclass(frozen=True, slots=True)
class Quote:
    """A SKU that has a price, and 1 to MAX_QUANTITY units of it."""

    sku: SkuView
    quantity: int

    @property
    def total_fen(self) -> int:
        return (self.sku.list_price_fen or 0) * self.quantity


def quote(skus: Sequence[SkuView], wanted: str, quantity: str) -> Quote | None:
    """The wanted SKU (its id as text) if it can be bought, else the first that can; None when nothing can be.

    A quantity that is not a number from 1 to MAX_QUANTITY is brought to the nearest that is.
    """
    buyable = [sku for sku in skus if sku.stock != 0 and sku.list_price_fen is not None]
    chosen = next((sku for sku in buyable if str(sku.id) == wanted), None) or next(iter(buyable), None)
    return Quote(chosen, units(quantity)) if chosen else None


def units(quantity: str) -> int:
    """1 to MAX_QUANTITY, from what was typed."""
    typed = quantity.strip()
    return min(max(int(typed), 1), MAX_QUANTITY) if typed.isascii() and typed.isdigit() else 1
