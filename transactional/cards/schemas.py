"""What the card pool shows and accepts. Codes appear in `RevealedCode` and nowhere else."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from transactional.schemas import Command, View


class CardBatchView(View):
    id: UUID
    sku_code: str
    card_count: int
    total_cost_fen: int | None
    supplier_name: str
    file_name: str
    imported_at: datetime
    expires_at: datetime | None = None


class PreviewProblem(View):
    """Why a file would be refused; never with a code in it."""

    place: str = Field(examples=["row 3, column code"])
    reason: str


class BatchPreview(View):
    """What an import would take in. It would be refused whole while there is a problem."""

    sku_code: str
    card_count: int
    first_code: str = Field(description="Masked", examples=["AB••••YZ"])
    last_code: str = Field(description="Masked")
    with_secret_count: int
    total_cost_fen: int | None
    least_unit_cost_fen: int | None
    greatest_unit_cost_fen: int | None
    first_expiry_at: datetime | None
    repeated_count: int = Field(description="Rows whose code stands in an earlier row")
    known_count: int = Field(description="Rows whose code was imported before, in any batch")
    problem_count: int
    problems: tuple[PreviewProblem, ...] = Field(description="The first 200")


class NewStockUnits(Command):
    """Units of a physical good that came in."""

    sku_code: str = Field(min_length=1, max_length=200)
    count: int = Field(ge=1, le=100_000)
    total_cost_fen: int | None = Field(default=None, ge=0, le=10_000_000_000, description="Unknown when left out")
    supplier_name: str = Field(default="", max_length=200)
    expires_on: date | None = Field(default=None, description="Last day on which they can be sold")


class RevealedCode(View):
    """What was handed over for a unit, in clear, shown to its owner by a deliberate act."""

    fulfilment_id: UUID
    code: str = Field(default="", description="The card's code; empty for a delivery by hand")
    secret: str | None = Field(default=None, description="PIN or password of the card, when it has one")
    content: str | None = Field(default=None, description="What staff wrote for a delivery by hand")
    first_revealed_at: datetime
