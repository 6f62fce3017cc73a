"""A purchase as the hot path takes it."""

import hashlib
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BuyRequest:
    """One SKU, some units, for one customer, under the key that makes it happen once.

    With `expected_net_fen` (what the shopper was shown) a purchase at any other total is refused.
    """

    customer_id: int
    sku_public_id: UUID
    quantity: int
    idempotency_key: str
    expected_net_fen: int | None = None

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise ValueError(f"quantity {self.quantity} is not positive")

    @property
    def subject(self) -> str:
        """Whose key it is, for purchases alone: other commands claim their key before they wait for the wallet, which
        a purchase locks before it writes its key; under one name they could wait in a circle."""
        return f"customer:{self.customer_id}/purchases"

    @property
    def sha256(self) -> bytes:
        """What was asked: the same key with another digest is a mistake of the caller's."""
        return hashlib.sha256(f"buy {self.sku_public_id} {self.quantity} {self.expected_net_fen}".encode()).digest()
