"""What the card pool shows and accepts. Codes appear in `RevealedCode` and nowhere else."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from transactional.schemas import View


class CardBatchView(View):
    id: UUID
    sku_code: str
    card_count: int
    total_cost_fen: int | None
    supplier_name: str
    file_name: str
    imported_at: datetime


class RevealedCode(View):
    """What was handed over for a unit, in clear, shown to its owner by a deliberate act."""

    fulfilment_id: UUID
    code: str = Field(default="", description="The card's code; empty for a delivery by hand")
    secret: str | None = Field(default=None, description="PIN or password of the card, when it has one")
    content: str | None = Field(default=None, description="What staff wrote for a delivery by hand")
    first_revealed_at: datetime
